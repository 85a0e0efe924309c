/* The C side of the fence around libxmlsec1: verify one message with one given key, and hand back the bytes that
 * were digested for one reference. KeyInfo can never yield a key, nothing is fetched, nothing is printed. */

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <string.h>
#include <xmlsec/app.h>
#include <xmlsec/buffer.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/list.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/transforms.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmltree.h>

static void silent(void *context, const char *message, ...) {
    (void)context;
    (void)message;
}

static void silent_structured(void *context, xmlErrorPtr error) {
    (void)context;
    (void)error;
}

static void silent_security(const char *file, int line, const char *function, const char *object, const char *subject,
                            int reason, const char *message) {
    (void)file, (void)line, (void)function, (void)object, (void)subject, (void)reason, (void)message;
}

/* Once per process. 0 when the library is usable. */
int nir_xmlsec_init(void) {
    xmlInitParser();
    if (xmlSecInit() < 0 || xmlSecCheckVersion() != 1) return -1;
    if (xmlSecOpenSSLAppInit(NULL) < 0 || xmlSecOpenSSLInit() < 0) return -1;
    xmlSecIOCleanupCallbacks();
    xmlSecErrorsSetCallback(silent_security);
    return 0;
}

/* A public key from SubjectPublicKeyInfo, DER. */
void *nir_xmlsec_key(const unsigned char *spki, size_t length) {
    return xmlSecOpenSSLAppKeyLoadMemory(spki, (xmlSecSize)length, xmlSecKeyDataFormatDer, NULL, NULL, NULL);
}

void nir_xmlsec_key_free(void *key) { xmlSecKeyDestroy(key); }

/* Registers every attribute named Id, ID or id in any namespace; 0 unless a value stands twice. */
static int add_ids(xmlDocPtr document, xmlNodePtr node) {
    for (; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE) continue;
        for (xmlAttrPtr attribute = node->properties; attribute != NULL; attribute = attribute->next) {
            const char *name = (const char *)attribute->name;
            if (strcmp(name, "Id") != 0 && strcmp(name, "ID") != 0 && strcmp(name, "id") != 0) continue;
            xmlChar *value = xmlNodeListGetString(document, attribute->children, 1);
            if (value == NULL) return -1;
            /* xml:id is registered by the parser itself. */
            int known = xmlGetID(document, value) == attribute;
            int added = known || xmlAddID(NULL, document, value, attribute) != NULL;
            xmlFree(value);
            if (!added) return -1;
        }
        if (add_ids(document, node->children) != 0) return -1;
    }
    return 0;
}

static int enable(xmlSecDSigCtxPtr context) {
    xmlSecTransformId references[] = {xmlSecTransformExclC14NId, xmlSecTransformEnvelopedId, xmlSecTransformSha256Id,
                                      xmlSecTransformSha384Id, xmlSecTransformSha512Id};
    xmlSecTransformId signatures[] = {xmlSecTransformExclC14NId,   xmlSecTransformRsaSha256Id,
                                      xmlSecTransformRsaSha384Id,  xmlSecTransformRsaSha512Id,
                                      xmlSecTransformEcdsaSha256Id, xmlSecTransformEcdsaSha384Id};
    for (size_t i = 0; i < sizeof references / sizeof *references; i++)
        if (xmlSecDSigCtxEnableReferenceTransform(context, references[i]) < 0) return -1;
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (xmlSecDSigCtxEnableSignatureTransform(context, signatures[i]) < 0) return -1;
    return 0;
}

/* 0: valid, and the bytes digested for "#id" are the ones given. 1: not. -1: the library failed. */
int nir_xmlsec_agree(void *key, const char *text, size_t length, const char *id, const unsigned char *body,
                     size_t body_length) {
    xmlSetGenericErrorFunc(NULL, silent);
    xmlSetStructuredErrorFunc(NULL, silent_structured);
    int result = -1;
    xmlSecDSigCtxPtr context = NULL;
    xmlDocPtr document = xmlReadMemory(text, (int)length, NULL, "UTF-8", XML_PARSE_NONET);
    if (document == NULL || document->intSubset != NULL) goto done;
    xmlNodePtr root = xmlDocGetRootElement(document);
    if (root == NULL) goto done;
    result = 1;
    if (add_ids(document, root) != 0) goto done;
    xmlNodePtr signature = xmlSecFindNode(root, xmlSecNodeSignature, xmlSecDSigNs);
    context = xmlSecDSigCtxCreate(NULL);
    if (signature == NULL || context == NULL || enable(context) != 0) goto done;
    context->flags = XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES | XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS;
    context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
    if (xmlSecPtrListAdd(&context->keyInfoReadCtx.enabledKeyData, (xmlSecPtr)xmlSecKeyDataNameId) < 0) goto done;
    context->signKey = xmlSecKeyDuplicate(key);
    if (context->signKey == NULL) goto done;
    if (xmlSecDSigCtxVerify(context, signature) < 0 || context->status != xmlSecDSigStatusSucceeded) goto done;
    xmlSecSize count = xmlSecPtrListGetSize(&context->signedInfoReferences);
    for (xmlSecSize i = 0; i < count; i++) {
        xmlSecDSigReferenceCtxPtr reference = xmlSecPtrListGetItem(&context->signedInfoReferences, i);
        if (reference == NULL || reference->uri == NULL || reference->uri[0] != '#') continue;
        if (strcmp((const char *)reference->uri + 1, id) != 0) continue;
        xmlSecBufferPtr digested = xmlSecDSigReferenceCtxGetPreDigestBuffer(reference);
        if (digested != NULL && xmlSecBufferGetSize(digested) == body_length &&
            memcmp(xmlSecBufferGetData(digested), body, body_length) == 0)
            result = 0;
    }
done:
    if (context != NULL) xmlSecDSigCtxDestroy(context);
    if (document != NULL) xmlFreeDoc(document);
    return result;
}

/* Whether a node lies in the subtree of the apex. */
static int inside(void *apex, xmlNodePtr node, xmlNodePtr parent) {
    xmlNodePtr at = node->type == XML_NAMESPACE_DECL ? parent : node;
    for (; at != NULL; at = at->parent)
        if (at == (xmlNodePtr)apex) return 1;
    return 0;
}

/* Exclusive canonical form by libxml2 of the first element of a local name; the caller frees it. For tests. */
int nir_xmlsec_canonical(const char *text, size_t length, const char *name, unsigned char **out) {
    xmlSetGenericErrorFunc(NULL, silent);
    xmlSetStructuredErrorFunc(NULL, silent_structured);
    xmlDocPtr document = xmlReadMemory(text, (int)length, NULL, "UTF-8", XML_PARSE_NONET);
    if (document == NULL) return -1;
    int size = -1;
    xmlNodePtr node = xmlDocGetRootElement(document);
    while (node != NULL && strcmp((const char *)node->name, name) != 0) {
        if (xmlFirstElementChild(node) != NULL) {
            node = xmlFirstElementChild(node);
            continue;
        }
        while (node != NULL && xmlNextElementSibling(node) == NULL) node = node->parent;
        if (node == NULL || node->type != XML_ELEMENT_NODE) node = NULL;
        else node = xmlNextElementSibling(node);
    }
    if (node != NULL) {
        xmlOutputBufferPtr buffer = xmlAllocOutputBuffer(NULL);
        if (buffer != NULL) {
            if (xmlC14NExecute(document, inside, node, XML_C14N_EXCLUSIVE_1_0, NULL, 0, buffer) >= 0) {
                size = (int)xmlOutputBufferGetSize(buffer);
                *out = xmlStrndup(xmlOutputBufferGetContent(buffer), size);
            }
            xmlOutputBufferClose(buffer);
        }
    }
    xmlFreeDoc(document);
    return size;
}

void nir_xmlsec_free(unsigned char *bytes) { xmlFree(bytes); }
