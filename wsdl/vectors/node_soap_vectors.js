// Writes the node-soap-*.xml vectors with an unmodified node-soap; see README.md for how to run it.

const fs = require('fs');
const path = require('path');
const soap = require('soap');

const [keys, wsdl, out] = process.argv.slice(2);
const pem = (name) => fs.readFileSync(path.join(keys, name)).toString();

// The call ends where it would leave the machine: the envelope is what is wanted.
class Keep extends soap.HttpClient {
  request(url, data, callback) {
    this.sent = data;
    callback(null, { statusCode: 200, headers: {} }, '');
  }
}

async function write(name, forceSoap12Headers, options) {
  const httpClient = new Keep();
  const client = await soap.createClientAsync(wsdl, { httpClient, forceSoap12Headers });
  client.setSecurity(new soap.WSSecurityCert(pem('rsa.key'), pem('rsa.pem'), '', options));
  const request = { forespoersel: { kontraktversjon: '1.0', avsendersystem: 'VEKTOR-1' } };
  await client.pingAsync(request).catch(() => {});
  fs.writeFileSync(path.join(out, name + '.xml'), httpClient.sent);
}

(async () => {
  await write('node-soap-soap11-plain-id', false, {});
  await write('node-soap-soap12-plain-id', true, {});
  await write('node-soap-soap11-wsu-id', false, { signerOptions: { idMode: 'wssecurity' } });
  await write('node-soap-soap11-no-timestamp', false, { hasTimeStamp: false });
  await write('node-soap-soap11-rsa-sha1', false, { signatureAlgorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' });
})();
