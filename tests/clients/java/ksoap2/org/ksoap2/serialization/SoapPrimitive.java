package org.ksoap2.serialization;

/** Stands in for kSOAP2's class: a text of a type that isn't mapped. */
public class SoapPrimitive {
    private final String text;

    SoapPrimitive(String text) {
        this.text = text;
    }

    @Override
    public String toString() {
        return text;
    }
}
