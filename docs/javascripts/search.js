// Search in Chinese. The index holds each Chinese character by itself (mkdocs.yml: separator); here
// every query asks for all of those that were typed, where Material would take any of them, and drop
// the last. And only pages in the language of this one are found, which is their tag
// (scripts/docs_search.py).

const QUERY = 2; // Material's type of message to its search worker
const post = Worker.prototype.postMessage;

Worker.prototype.postMessage = function (message, ...rest) {
  const asked = message?.type === QUERY && message.data.trim()
    ? { ...message, data: `${message.data.replace(/\p{Script=Han}/gu, " +$& ")} +tags:${document.documentElement.lang}` } : message;
  return post.call(this, asked, ...rest);
};
