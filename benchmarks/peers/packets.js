// A back end of node statsd's that only notes how many datagrams each flush held.
const fs = require("fs");

exports.init = function (started, config, events) {
  events.on("flush", function (timestamp, metrics) {
    fs.appendFileSync(config.noted, metrics.counters["statsd.packets_received"] + "\n");
  });
  return true;
};
