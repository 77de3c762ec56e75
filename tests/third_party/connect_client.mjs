// Calls a running server with Connect: gRPC over HTTP/2, gRPC-Web over HTTP/1.1 and HTTP/2. No generated code.
//
//     connect_client.mjs HOST:PORT CONTRACT
//
// CONTRACT holds the descriptors, as `buf build -o` writes them. POLICY_ECHO_TEST_CA, _CERT and _CERT_KEY name PEM files,
// POLICY_ECHO_TEST_KEY is a key. Exits with 0 when every check holds.
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";

const [address, contract] = process.argv.slice(2);
const { POLICY_ECHO_TEST_CA: ca, POLICY_ECHO_TEST_CERT: cert, POLICY_ECHO_TEST_CERT_KEY: certKey, POLICY_ECHO_TEST_KEY: key } = process.env;
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(contract)));
const service = (name) => registry.getService(`policyecho.v1.${name}`);
const read = (path) => (path ? readFileSync(path) : undefined);
const nodeOptions = ca ? { ca: read(ca), cert: read(cert), key: read(certKey) } : {};
const baseUrl = `${ca ? "https" : "http"}://${address}`;

let passed = 0;
let failed = 0;
function check(what, holds, seen = "") {
  if (holds) passed += 1;
  else failed += 1;
  console.log(holds ? `ok      ${what}` : `FAILED  ${what} ${seen}`);
}

const show = (shown) => (next) => (request) => {
  if (shown) request.header.set("authorization", `Bearer ${shown}`);
  return next(request);
};
const document = (text) => ({ body: { case: "text", value: text } });
const left = document("坚定不移举全省之力强力推进粤港澳大湾区建设。");
const right = document("坚定不移举全市之力推动粤港澳大湾区建设向纵深发展。");
const codeOf = (promise) => promise.then(() => "answered", (error) => ConnectError.from(error).code);

async function* pairs() {
  for (const pairId of ["one", "two"]) yield { pairId, request: { left, right } };
}

const ways = [
  ["gRPC, HTTP/2", (shown) => createGrpcTransport({ baseUrl, nodeOptions, interceptors: [show(shown)] })],
  ["gRPC-Web, HTTP/1.1", (shown) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1", nodeOptions, interceptors: [show(shown)] })],
  ["gRPC-Web, HTTP/2", (shown) => createGrpcWebTransport({ baseUrl, httpVersion: "2", nodeOptions, interceptors: [show(shown)] })],
];
for (const [way, transport] of ways) {
  const info = createClient(service("InfoService"), transport(key));
  const comparisons = createClient(service("ComparisonService"), transport(key));
  const limits = await info.getInfo({}).catch((error) => error);
  check(`${way}: GetInfo`, limits.limits?.maxDocumentTextBytes > 0, limits);
  const answer = await comparisons.compare({ left, right }).catch((error) => error);
  check(`${way}: Compare`, answer.beads?.length === 1, answer);
  check(`${way}: missing document`, (await codeOf(comparisons.compare({ left }))) === Code.InvalidArgument);
  if (!way.endsWith("1.1")) {
    const answers = [];
    for await (const answer of comparisons.compareStream(pairs())) answers.push(answer.pairId);
    check(`${way}: CompareStream`, answers.join(" ") === "one two", answers);
  }
  if (key) {
    for (const [what, shown] of [["no key", ""], ["a wrong key", "pe_wrong"]]) {
      const code = await codeOf(createClient(service("InfoService"), transport(shown)).getInfo({}));
      check(`${way}: ${what}`, code === Code.Unauthenticated, code);
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
