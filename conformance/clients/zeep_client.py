"""Calls operations of NIR with zeep, whose code is as its makers wrote it.

    python zeep_client.py SANDBOX [--soap 1.2] [--cert vendor2] [--wsdl URL [--service NirKilde]] [--library-defaults] < calls

SANDBOX is the directory of a running sandbox. Each line of standard input is one call, as JSON:

    {"operation": "ping", "arguments": {"forespoersel": {"kontraktversjon": "1.0"}}}

and each line of standard output what came of it: {"answer": ...}; {"fault": ...}, whose signature held; or
{"unverified": ...} when the gateway did not sign the answer, or it was changed on the way.

--library-defaults signs as zeep does when it is told nothing (rsa-sha1), to show what the gateway says to that.
"""
# The caller's own lines begin here.
from datetime import datetime, timedelta, timezone
import requests, xmlsec, zeep
from zeep.wsse import signature, utils

class NirSignature(signature.BinarySignature):
    def apply(self, envelope, headers):  # the Timestamp first: zeep signs it when it is there
        now = datetime.now(timezone.utc)
        created, expires = (utils.get_timestamp(t, True) for t in (now, now + timedelta(minutes=5)))
        utils.get_security_header(envelope).append(
            utils.WSU.Timestamp(utils.WSU.Created(created), utils.WSU.Expires(expires)))
        return super().apply(envelope, headers)
    def verify(self, envelope):  # with the gateway's certificate, and the Body must be what is signed
        signature.verify_envelope(envelope, self.gateway)
        info = utils.get_security_header(envelope).find("ds:Signature/ds:SignedInfo", {"ds": signature.ns.DS})
        body = envelope.find("{*}Body").get(utils.ID_ATTR, "")
        same = envelope.xpath("//*[@*[local-name() = 'Id'] = $id]", id=body)
        if "#" + body not in info.xpath("*/@URI") or len(same) != 1:
            raise zeep.exceptions.SignatureVerificationFailed("the Body is not what is signed")

def connect(wsdl, ca, certificate, key, gateway, port="NirFagsystemSoap11"):  # PEM files
    session, rsa, sha = requests.Session(), xmlsec.constants.TransformRsaSha256, xmlsec.constants.TransformSha256
    session.cert, session.verify, session.trust_env = (certificate, key), ca, False
    wsse = NirSignature(key, certificate, signature_method=rsa, digest_method=sha)
    wsse.gateway = gateway
    return zeep.Client(wsdl, wsse=wsse, transport=zeep.Transport(session=session), port_name=port)
# The caller's own lines end here.

import argparse
import json
import sys
from base64 import b64encode
from datetime import date, time


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sandbox")
    options.add_argument("--soap", choices=["1.1", "1.2"], default="1.1")
    options.add_argument("--cert", default="vendor")
    options.add_argument("--wsdl")
    options.add_argument("--service", default="NirFagsystem")
    options.add_argument("--library-defaults", action="store_true")
    options = options.parse_args()
    certs = options.sandbox + "/certs/"
    with open(options.sandbox + "/endpoints.json") as file:
        wsdl = options.wsdl or json.load(file)["wsdl"]
    port = options.service + ("Soap11" if options.soap == "1.1" else "Soap12")
    own = certs + options.cert
    client = connect(wsdl, certs + "ca.pem", own + ".pem", own + ".key", certs + "gateway.pem", port)
    if options.library_defaults:
        client.wsse.signature_method = client.wsse.digest_method = None
    for line in sys.stdin:
        call = json.loads(line)
        print(json.dumps(outcome(client, **call), default=plain, ensure_ascii=False), flush=True)


def outcome(client, operation, arguments):
    try:
        answer = client.service[operation](**arguments)
        return {"answer": zeep.helpers.serialize_object(answer, dict)}
    except zeep.exceptions.Fault as fault:
        return {"fault": {"message": fault.message, "feil": details(client, fault)}}
    except (zeep.exceptions.SignatureVerificationFailed, AttributeError) as error:
        # zeep ends in AttributeError where an answer has no Security header or no Signature.
        return {"unverified": f"{type(error).__name__}: {error}"}


def plain(value):
    """Dates and times as the contract writes them, numbers and bytes as text."""
    if isinstance(value, (date, time)):
        return value.isoformat()
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)


def details(client, fault):
    """The errors in a Fault, read by the schema like any other element."""
    element = client.get_element("{urn:no:nir:melding:v1}nirFeil")
    found = fault.detail.find(element.qname) if fault.detail is not None else None
    if found is None:
        return []
    return zeep.helpers.serialize_object(element.parse(found, client.wsdl.types), dict)["feil"]


if __name__ == "__main__":
    main()
