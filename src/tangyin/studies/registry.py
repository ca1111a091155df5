"""The studies by name, in the order of the report."""

from tangyin.studies.capacity import capacity
from tangyin.studies.cells import cells
from tangyin.studies.corpus_data import corpus_data
from tangyin.studies.forms import forms
from tangyin.studies.gradients import gradients
from tangyin.studies.ingredients import ingredients
from tangyin.studies.initialization import initialization
from tangyin.studies.optimizers import optimizers
from tangyin.studies.page import sections
from tangyin.studies.perplexity import perplexity
from tangyin.studies.report_protocol import report_protocol
from tangyin.studies.sampling import sampling
from tangyin.studies.scaling import scaling
from tangyin.studies.study import Study
from tangyin.studies.update_rules import update_rules

# Minutes on two quiet cores with bf16 units, reckoned from 39 ms a step of the report's network (89
# steps an epoch), 139 ms in fp32, 50 to 93 ms of the other cells, and 1 s for the dev part.
_ALL = (
    Study(
        "perplexity",
        "困惑度 Perplexity",
        "What does the network reach on unseen poems, does it overfit, and whence the report's 47?",
        15,
        "3 × 21 epochs, 3 × 20 in the report's way, 28 for single effects",
        perplexity,
        sections.perplexity.section,
    ),
    Study(
        "optimizers",
        "優化器 Optimizers",
        "Which optimizer is fastest, which ends lowest, and how much does its rate matter?",
        26,
        "8 optimizers × 4 rates and 3 seeds at the best, the report's 5 settings, 5 epochs",
        optimizers,
        sections.optimizers.section,
    ),
    Study(
        "update-rules",
        "爲何 RMSprop 有效 Why RMSprop works",
        "What do the update rules do on a ravine and on a saddle?",
        0.1,
        "five NumPy optimizers on two functions",
        update_rules,
        sections.update_rules.section,
    ),
    Study(
        "initialization",
        "初始化 Initialization",
        "What do bad beginnings do to loss, gradients, gates and the units?",
        16,
        "10 starts × 3 seeds × 2 epochs, in fp32",
        initialization,
        sections.initialization.section,
    ),
    Study(
        "capacity",
        "容量 Capacity",
        "Does hidden size really matter?",
        11,
        "9 sizes × 3 seeds × 5 epochs",
        capacity,
        sections.capacity.section,
    ),
    Study(
        "cells",
        "單元 Cells",
        "Is any cell better than the plain one at equal parameters?",
        19,
        "6 cells and 3 with 2 layers × 3 seeds, dropout, 5 epochs",
        cells,
        sections.cells.section,
    ),
    Study(
        "sampling",
        "採樣 Sampling",
        "What does the sampling rule do to diversity, quality and copying, and what can it not do?",
        2,
        "13 rules × 500 poems, masked and unmasked",
        sampling,
        sections.sampling.section,
    ),
    Study(
        "forms",
        "詩體 Forms",
        "Which forms are hard, and is a poem's length learned?",
        13,
        "3 forms × 3 seeds × 10 epochs, all forms 2 × 3 × 8, at most",
        forms,
        sections.forms.section,
    ),
    Study(
        "gradients",
        "梯度 Gradients",
        "Are the gradients right, and how far back do they reach?",
        1,
        "20 draws of every Jacobian, 10 seeds of flow",
        gradients,
        sections.gradients.section,
    ),
    Study(
        "data",
        "語料 Data",
        "What does the corpus look like, and would more of it help?",
        4,
        "learning curves at 1/8, 1/4 and 1/2, 3 seeds",
        corpus_data,
        sections.corpus_data.section,
    ),
    Study(
        "ingredients",
        "強模型之料 Ingredients",
        "What does each ingredient of the strong model bring?",
        28,
        "the proxy × 3 seeds, 22 variants of it",
        ingredients,
        sections.ingredients.section,
        apart=True,
    ),
    Study(
        "scaling",
        "規模 Scaling",
        "How does perplexity fall with size, poems and training?",
        22,
        "the proxy in 6 sizes, on 6 shares of the poems, for 1, 2 and 4 passes",
        scaling,
        sections.scaling.section,
        apart=True,
    ),
    Study(
        "report-protocol",
        "報告之法 The report's protocol",
        "What does the report's own way of measuring show?",
        3,
        "20 epochs, which perplexity trains too",
        report_protocol,
        None,
    ),
)

STUDIES: dict[str, Study] = {study.name: study for study in _ALL}
REPORTED = tuple(study.name for study in _ALL if study.section)
"""Those that have a part of the report."""
TOGETHER = tuple(name for name in REPORTED if not STUDIES[name].apart)
"""What `tangyin study all` runs."""
