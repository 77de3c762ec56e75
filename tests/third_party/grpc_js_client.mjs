// Calls a running server with @grpc/grpc-js, loading the contract from its .proto files.
//
//     grpc_js_client.mjs HOST:PORT PROTO_FOLDER
//
// POLICY_ECHO_TEST_CA, _CERT and _CERT_KEY name PEM files, POLICY_ECHO_TEST_KEY is a key. Exits with 0 when every check holds.
import { readFileSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [address, protoFolder] = process.argv.slice(2);
const { POLICY_ECHO_TEST_CA: ca, POLICY_ECHO_TEST_CERT: cert, POLICY_ECHO_TEST_CERT_KEY: certKey, POLICY_ECHO_TEST_KEY: key } = process.env;
const files = ["comparison_service", "info_service"].map((name) => `policyecho/v1/${name}.proto`);
const { policyecho } = grpc.loadPackageDefinition(loader.loadSync(files, { includeDirs: [protoFolder] }));
const read = (path) => (path ? readFileSync(path) : undefined);
const channel = () =>
  ca ? grpc.credentials.createSsl(read(ca), read(certKey), read(cert)) : grpc.credentials.createInsecure();
const options = { "grpc.max_receive_message_length": -1 };
const comparisons = new policyecho.v1.ComparisonService(address, channel(), options);
const info = new policyecho.v1.InfoService(address, channel(), options);

let passed = 0;
let failed = 0;
function check(what, holds, seen = "") {
  if (holds) passed += 1;
  else failed += 1;
  console.log(holds ? `ok      ${what}` : `FAILED  ${what} ${typeof seen === "string" ? seen : JSON.stringify(seen)}`);
}

function metadata(shown = key) {
  const metadata = new grpc.Metadata();
  if (shown) metadata.set("authorization", `Bearer ${shown}`);
  return metadata;
}

function call(client, method, request, shown = key) {
  return new Promise((resolve) => {
    client[method](request, metadata(shown), { deadline: Date.now() + 60_000 }, (error, reply) => resolve(error ?? reply));
  });
}

const left = { id: "left", text: "坚定不移举全省之力强力推进粤港澳大湾区建设。" };
const right = { id: "right", text: "坚定不移举全市之力推动粤港澳大湾区建设向纵深发展。" };
const pair = { left, right };

const limits = await call(info, "GetInfo", {});
check("GetInfo", limits.limits?.maxDocumentTextBytes > 0, limits);
for (const method of ["Compare", "AlignParagraphs", "DiffWords", "FindSharedPhrases"]) {
  const answer = await call(comparisons, method, pair);
  check(method, answer.left?.paragraphs.length === 1, answer);
}
const refused = await call(comparisons, "Compare", { left });
check("missing document", refused.code === grpc.status.INVALID_ARGUMENT && refused.metadata.get("grpc-status-details-bin").length === 1, refused);

const stream = comparisons.CompareStream(metadata(), { deadline: Date.now() + 60_000 });
const answers = [];
const ended = new Promise((resolve) => {
  stream.on("data", (answer) => answers.push(answer));
  stream.on("error", resolve);
  stream.on("end", () => resolve("end"));
});
for (let index = 0; index < 10; index += 1) stream.write({ pairId: `${index}`, request: pair });
stream.end();
check("CompareStream", (await ended) === "end" && answers.map((answer) => answer.pairId).join("") === "0123456789", answers);

const cancelled = comparisons.CompareStream(metadata());
const code = new Promise((resolve) => cancelled.on("error", (error) => resolve(error.code)));
cancelled.write({ pairId: "0", request: pair });
cancelled.once("data", () => cancelled.cancel());
check("cancel after the first answer", (await code) === grpc.status.CANCELLED);

if (key) {
  for (const [what, shown] of [["no key", ""], ["a wrong key", "pe_wrong"]]) {
    const answer = await call(info, "GetInfo", {}, shown);
    check(what, answer.code === grpc.status.UNAUTHENTICATED, answer);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
