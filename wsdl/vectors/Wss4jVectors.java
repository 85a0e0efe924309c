// Writes the wss4j-*.xml vectors with WSS4J as a Java fagsystem would use it; see README.md for how to run it.

import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.ws.security.WSConstants;
import org.apache.ws.security.WSEncryptionPart;
import org.apache.ws.security.WSSConfig;
import org.apache.ws.security.components.crypto.Crypto;
import org.apache.ws.security.components.crypto.CryptoFactory;
import org.apache.ws.security.message.WSSecHeader;
import org.apache.ws.security.message.WSSecSignature;
import org.apache.ws.security.message.WSSecTimestamp;
import org.w3c.dom.Document;

public class Wss4jVectors {
    private static final String SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/";
    private static final String SOAP12 = "http://www.w3.org/2003/05/soap-envelope";
    // WSS4J 1.6 has no constant for it.
    private static final String RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    private static final String ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    private static final String PASSWORD = "vectors";

    private final Path keys;
    private final Path out;

    private Wss4jVectors(String keys, String out) {
        this.keys = Path.of(keys);
        this.out = Path.of(out);
    }

    public static void main(String[] arguments) throws Exception {
        WSSConfig.init();
        Wss4jVectors vectors = new Wss4jVectors(arguments[0], arguments[1]);
        int[] kinds = {
            WSConstants.BST_DIRECT_REFERENCE, WSConstants.ISSUER_SERIAL, WSConstants.SKI_KEY_IDENTIFIER,
            WSConstants.X509_KEY_IDENTIFIER, WSConstants.THUMBPRINT_IDENTIFIER,
        };
        String[] names = {"bst", "issuer-serial", "ski", "x509v3", "thumbprint"};
        for (String soap : new String[] {SOAP11, SOAP12}) {
            String version = soap.equals(SOAP11) ? "soap11" : "soap12";
            for (int i = 0; i < kinds.length; i++) {
                vectors.write("wss4j-" + version + "-rsa-" + names[i], soap, "rsa", kinds[i], RSA_SHA256, true);
            }
            vectors.write("wss4j-" + version + "-p256-bst", soap, "p256", kinds[0], ECDSA_SHA256, true);
        }
        vectors.write("wss4j-soap12-p256-issuer-serial", SOAP12, "p256", WSConstants.ISSUER_SERIAL, ECDSA_SHA256, true);
        // What it does when nothing is set: Body alone, rsa-sha1, IssuerSerial. Both halves of it are refused.
        vectors.write("wss4j-soap11-defaults", SOAP11, "rsa", 0, null, false);
        vectors.write("wss4j-soap12-defaults", SOAP12, "rsa", 0, null, false);
        vectors.write("wss4j-soap11-body-alone", SOAP11, "rsa", kinds[0], RSA_SHA256, false);
        vectors.write("wss4j-soap11-rsa-sha1", SOAP11, "rsa", kinds[0], null, true);
    }

    /** Kind 0 and algorithm null are the library's own choices. */
    private void write(String name, String soap, String key, int kind, String algorithm, boolean timestampToo)
            throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        String envelope = "<S:Envelope xmlns:S=\"" + soap + "\" xmlns:SOAP-ENV=\"" + soap + "\"><SOAP-ENV:Header/>"
            + "<S:Body><ping xmlns=\"urn:no:nir:melding:v1\"><forespoersel><kontraktversjon>1.0</kontraktversjon>"
            + "<avsendersystem>VEKTOR-1</avsendersystem></forespoersel></ping></S:Body></S:Envelope>";
        Document document = factory.newDocumentBuilder()
            .parse(new java.io.ByteArrayInputStream(envelope.getBytes(StandardCharsets.UTF_8)));
        WSSecHeader header = new WSSecHeader();
        header.insertSecurityHeader(document);
        WSSecTimestamp timestamp = new WSSecTimestamp();
        timestamp.setTimeToLive(300);
        timestamp.build(document, header);
        WSSecSignature signature = new WSSecSignature();
        signature.setUserInfo(key, PASSWORD);
        if (kind != 0) {
            signature.setKeyIdentifierType(kind);
        }
        if (algorithm != null) {
            signature.setSignatureAlgorithm(algorithm);
            signature.setDigestAlgo(WSConstants.SHA256);
        }
        if (timestampToo) {
            List<WSEncryptionPart> parts = new ArrayList<>();
            parts.add(new WSEncryptionPart("Body", soap, ""));
            parts.add(new WSEncryptionPart("Timestamp", WSConstants.WSU_NS, ""));
            signature.setParts(parts);
        }
        Document signed = signature.build(document, crypto(key), header);
        Transformer transformer = TransformerFactory.newInstance().newTransformer();
        transformer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
        StringWriter text = new StringWriter();
        transformer.transform(new DOMSource(signed), new StreamResult(text));
        Files.writeString(out.resolve(name + ".xml"), text.toString());
    }

    private Crypto crypto(String key) throws Exception {
        Properties properties = new Properties();
        properties.setProperty("org.apache.ws.security.crypto.provider", "org.apache.ws.security.components.crypto.Merlin");
        properties.setProperty("org.apache.ws.security.crypto.merlin.keystore.type", "pkcs12");
        properties.setProperty("org.apache.ws.security.crypto.merlin.keystore.file", keys.resolve(key + ".p12").toString());
        properties.setProperty("org.apache.ws.security.crypto.merlin.keystore.password", PASSWORD);
        properties.setProperty("org.apache.ws.security.crypto.merlin.keystore.alias", key);
        return CryptoFactory.getInstance(properties);
    }
}
