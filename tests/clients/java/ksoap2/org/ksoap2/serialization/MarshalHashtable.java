package org.ksoap2.serialization;

/** Stands in for kSOAP2's class: with it, an envelope has a Hashtable for each Map of Apache's. */
public class MarshalHashtable {
    static final String NAMESPACE = "http://xml.apache.org/xml-soap";

    public void register(SoapSerializationEnvelope envelope) {
        envelope.readsMaps = true;
    }
}
