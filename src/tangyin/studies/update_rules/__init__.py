"""Update rules on a ravine and on a saddle."""
