// Search in Chinese. The index holds each Chinese character by itself (mkdocs.yml: separator); here
// every query asks for all of those that were typed, where Material would take any of them, and drop
// the last.

const QUERY = 2; // Material's type of message to its search worker
const post = Worker.prototype.postMessage;

Worker.prototype.postMessage = function (message, ...rest) {
  const asked = message?.type === QUERY ? { ...message, data: message.data.replace(/\p{Script=Han}/gu, " +$& ") } : message;
  return post.call(this, asked, ...rest);
};
