"""Writes the zeep-*.xml vectors with an unmodified zeep; see README.md for how to run it."""

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import xmlsec
from lxml import etree
from zeep import Client
from zeep.wsse.signature import BinarySignature, Signature
from zeep.wsse.utils import WSU, get_security_header

KEYS, WSDL, OUT = (Path(argument) for argument in sys.argv[1:4])
RSA_SHA256 = {
    "signature_method": xmlsec.constants.TransformRsaSha256,
    "digest_method": xmlsec.constants.TransformSha256,
}
ECDSA_SHA256 = {**RSA_SHA256, "signature_method": xmlsec.constants.TransformEcdsaSha256}


def with_timestamp(signature):
    """zeep signs a Timestamp that is there, but does not make one."""

    class Timestamped(signature):
        def apply(self, envelope, headers):
            now = datetime.now(timezone.utc).replace(microsecond=0)
            stamp = lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")
            get_security_header(envelope).append(
                WSU.Timestamp(WSU.Created(stamp(now)), WSU.Expires(stamp(now + timedelta(minutes=5))))
            )
            return super().apply(envelope, headers)

    return Timestamped


def write(name, port, signature, key, **options):
    wsse = signature(str(KEYS / f"{key}.key"), str(KEYS / f"{key}.pem"), **options)
    client = Client(str(WSDL), port_name=port, wsse=wsse)
    request = {"kontraktversjon": "1.0", "avsendersystem": "VEKTOR-1"}
    envelope = client.create_message(client.service, "ping", forespoersel=request)
    text = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
    (OUT / f"{name}.xml").write_bytes(text)


for soap in ("Soap11", "Soap12"):
    port, short = f"NirFagsystem{soap}", soap.lower()
    for kind, signature in (("binary", BinarySignature), ("signature", Signature)):
        write(f"zeep-{short}-rsa-{kind}", port, with_timestamp(signature), "rsa", **RSA_SHA256)
        write(f"zeep-{short}-p256-{kind}", port, with_timestamp(signature), "p256", **ECDSA_SHA256)
# What it does when nothing is set: rsa-sha1, and no Timestamp at all.
write("zeep-soap11-defaults", "NirFagsystemSoap11", BinarySignature, "rsa")
write("zeep-soap11-rsa-sha1", "NirFagsystemSoap11", with_timestamp(BinarySignature), "rsa")
write("zeep-soap11-no-timestamp", "NirFagsystemSoap11", BinarySignature, "rsa", **RSA_SHA256)
