// A receiver of push: hosts NirMottak with node-soap's server, whose code is as its makers wrote it.
//
//     node node_mottak.js SANDBOX STORE [--port 8444] [--cert mottak] [--avsendersystem ID]
//
// SANDBOX is the directory of a running sandbox, STORE the file to which each change is appended as a line of JSON.
// It writes its address as a line of standard output once it can be called; an operator then approves that address:
//
//     nir-gateway stream approve AVSENDERSYSTEM --url ADDRESS --by NAME --private --config SANDBOX/nir-gateway.toml
//
// node-soap's server neither verifies what comes nor signs what it answers. What comes is verified before node-soap sees
// it, by a listener around node-soap's own, as a body parser is (`req.body`); what goes is signed in its event `response`.
'use strict';
// The receiver's own lines begin here.
const { Agent, createServer } = require('node:https');
const axios = require('axios');
const soap = require('soap');
const { verify } = require('./node_client.js'); // throws unless the Body is what the gateway's certificate has signed

async function host(wsdl, ca, certificate, key, gateway, avsendersystem, store) { // PEM texts; store has last and append
  const request = axios.create({ httpsAgent: new Agent({ ca }) });
  const now = () => new Date().toISOString();
  const operations = {
    ping: () => ({ svar: { tid: now(), kontraktversjon: '1.1', avsendersystem } }),
    mottaEndringer: ({ endringsmelding: { leveranseId, stroemId, tilSekvensnummer, endring } }) => {
      // What is there already came again, because the receipt of it was lost; the numbers are those of the first time.
      store.append([endring].flat().filter((change) => Number(change.sekvensnummer) > store.last()));
      return { kvittering: { leveranseId, stroemId, bekreftetTil: tilSekvensnummer, mottatt: now() } };
    },
  };
  // rejectUnauthorized: nobody comes in without a certificate of the gateway's authority.
  const server = createServer({ ca, cert: certificate, key, requestCert: true, rejectUnauthorized: true });
  const xml = (await request.get(wsdl)).data;
  const services = { NirMottak: { NirMottakSoap11: operations, NirMottakSoap12: operations } };
  await new Promise((resolve, reject) => {
    const callback = (error) => (error ? reject(error) : resolve());
    const served = soap.listen(server, { path: '/nir/mottak', services, xml, uri: wsdl, request, callback });
    served.on('response', (response) => (response.result = sign(response.result, certificate, key)));
  });
  const [serve] = server.listeners('request');
  server.removeAllListeners('request').on('request', async (req, res) => {
    try {
      req.body = await read(req, 16 << 20);
      verify(req.body, gateway);
    } catch (error) {
      return res.writeHead(400).end(); // no word to whom we do not know
    }
    serve(req, res);
  });
  return server;
}

function sign(xml, certificate, key) { // as node-soap's client does; the Timestamp that its server writes has no signature
  const plain = xml.replace(/<soap:Header>.*?<\/soap:Header>|(?=<soap:Body)/s, '<soap:Header></soap:Header>');
  return new soap.WSSecurityCert(key, certificate, '').postProcess(plain, 'soap');
}

async function read(req, most) {
  const chunks = [];
  let length = 0;
  for await (const chunk of req) {
    if ((length += chunk.length) > most) throw new Error('larger than any delivery');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
// The receiver's own lines end here.

const { appendFileSync, existsSync, readFileSync } = require('node:fs');
const { parseArgs } = require('node:util');

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '0' },
      cert: { type: 'string', default: 'mottak' },
      avsendersystem: { type: 'string', default: '4204-flyktning-1' },
    },
  });
  const [sandbox, file] = positionals;
  const pem = (name) => readFileSync(`${sandbox}/certs/${name}`, 'utf8');
  const wsdl = new URL('/contract/mottak?wsdl', JSON.parse(readFileSync(`${sandbox}/endpoints.json`, 'utf8')).contract).href;
  const keys = [pem('ca.pem'), pem(`${values.cert}.pem`), pem(`${values.cert}.key`), pem('gateway.pem')];
  const server = await host(wsdl, ...keys, values.avsendersystem, stored(file));
  server.listen(Number(values.port), 'localhost', () => console.log(`https://localhost:${server.address().port}/nir/mottak`));
}

/** The changes in a file, which are on the disk when `append` returns. */
function stored(file) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  let last = lines.filter(Boolean).map((line) => Number(JSON.parse(line).sekvensnummer)).at(-1) ?? 0;
  return {
    last: () => last,
    append: (changes) => {
      appendFileSync(file, changes.map((change) => `${JSON.stringify(change)}\n`).join(''), { flush: true });
      last = changes.length > 0 ? Number(changes.at(-1).sekvensnummer) : last;
    },
  };
}

main();
