// Calls operations of NIR with node-soap, whose code is as its makers wrote it.
//
//     node node_client.js SANDBOX [--soap 1.2] [--cert vendor2] [--wsdl URL] < calls
//
// SANDBOX is the directory of a running sandbox. Each line of standard input is one call, as JSON:
//
//     {"operation": "ping", "arguments": {"forespoersel": {"kontraktversjon": "1.0"}}}
//
// and each line of standard output what came of it: {"answer": ...}; {"fault": ...}, whose signature held; or
// {"unverified": ...} when the gateway did not sign the answer, or it was changed on the way.
//
// node-soap signs, but verifies nothing. What does it here is xml-crypto, with which node-soap signs.
'use strict';
// The caller's own lines begin here.
const { Agent } = require('node:https');
const axios = require('axios');
const soap = require('soap');
const { DOMParser } = require('@xmldom/xmldom');
const { SignedXml } = require('xml-crypto');
const xpath = require('xpath');

async function connect(wsdl, ca, certificate, key, options) { // PEM texts; Body and Timestamp are signed by default
  const request = axios.create({ httpsAgent: new Agent({ ca, cert: certificate, key }) });
  const client = await soap.createClientAsync(wsdl, { ...options, request });
  client.setSecurity(new soap.WSSecurityCert(key, certificate, ''));
  return client;
}

function verify(xml, gateway) { // throws unless the Body is what the gateway's certificate has signed
  const document = new DOMParser().parseFromString(xml, 'text/xml');
  const all = (path) => xpath.select(path.replaceAll(/\w+/g, "*[local-name()='$&']"), document);
  const [signature, body, second] = [...all('/Envelope/Header/Security/Signature'), ...all('/Envelope/Body')];
  const signed = new SignedXml({ publicCert: gateway, getCertFromKeyInfo: () => null });
  signed.loadSignature(signature);
  const uri = '#' + xpath.select1("string(@*[local-name()='Id'])", body);
  if (!signed.checkSignature(xml) || second || !signed.getReferences().some((reference) => reference.uri === uri))
    throw new Error('the Body is not what is signed');
}
// The caller's own lines end here.

const { readFileSync } = require('node:fs');
const { createInterface } = require('node:readline');
const { parseArgs } = require('node:util');

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { soap: { type: 'string', default: '1.1' }, cert: { type: 'string', default: 'vendor' }, wsdl: { type: 'string' } },
  });
  const read = (name) => readFileSync(`${positionals[0]}/${name}`, 'utf8');
  const wsdl = values.wsdl ?? JSON.parse(read('endpoints.json')).wsdl;
  const certificates = [read('certs/ca.pem'), read(`certs/${values.cert}.pem`), read(`certs/${values.cert}.key`)];
  const client = await connect(wsdl, ...certificates, { forceSoap12Headers: values.soap === '1.2' });
  const gateway = read('certs/gateway.pem');
  for await (const line of createInterface({ input: process.stdin })) {
    const { operation, arguments: content } = JSON.parse(line);
    console.log(JSON.stringify(await outcome(client, gateway, operation, content)));
  }
}

async function outcome(client, gateway, operation, content) {
  let answer, fault, envelope;
  try {
    [answer, envelope] = await client[`${operation}Async`](content);
  } catch (error) {
    if (!error.body) throw error;
    envelope = error.body;
    fault = error.root?.Envelope?.Body?.Fault;
  }
  try {
    verify(envelope, gateway);
  } catch (error) {
    return { unverified: error.message };
  }
  if (answer) return { answer: Object.values(answer)[0] };
  const detail = fault?.detail ?? fault?.Detail;
  return { fault: { message: fault?.faultstring ?? fault?.Reason, feil: [detail?.nirFeil?.feil ?? []].flat() } };
}

module.exports = { verify };
if (require.main === module) main();
