package org.ksoap2;

import java.io.IOException;
import org.xmlpull.v1.XmlPullParser;
import org.xmlpull.v1.XmlPullParserException;
import org.xmlpull.v1.XmlSerializer;

/**
 * Stands in for kSOAP2's class: the envelope around a body.
 *
 * <p>Debian doesn't have kSOAP2. The classes in this folder have the part of its interface that the tests
 * and the page about Android use. They write and read what kSOAP2 3.6 is known to write and read, with the
 * same library, kXML. Nobody has compared them with kSOAP2 itself.
 */
public abstract class SoapEnvelope {
    public static final int VER11 = 110;
    public static final String ENV = "http://schemas.xmlsoap.org/soap/envelope/";
    public static final String ENC = "http://schemas.xmlsoap.org/soap/encoding/";
    public static final String XSD = "http://www.w3.org/2001/XMLSchema";
    public static final String XSI = "http://www.w3.org/2001/XMLSchema-instance";

    public Object bodyIn;
    public Object bodyOut;

    public void setOutputSoapObject(Object call) {
        bodyOut = call;
    }

    public void write(XmlSerializer writer) throws IOException {
        writer.setPrefix("i", XSI);
        writer.setPrefix("d", XSD);
        writer.setPrefix("c", ENC);
        writer.setPrefix("v", ENV);
        writer.startTag(ENV, "Envelope");
        writer.startTag(ENV, "Header");
        writer.endTag(ENV, "Header");
        writer.startTag(ENV, "Body");
        writeBody(writer);
        writer.endTag(ENV, "Body");
        writer.endTag(ENV, "Envelope");
    }

    public void parse(XmlPullParser parser) throws IOException, XmlPullParserException {
        parser.nextTag();
        parser.require(XmlPullParser.START_TAG, ENV, "Envelope");
        parser.nextTag();
        parser.require(XmlPullParser.START_TAG, ENV, "Body");
        parseBody(parser);
        parser.require(XmlPullParser.END_TAG, ENV, "Body");
        parser.nextTag();
        parser.require(XmlPullParser.END_TAG, ENV, "Envelope");
    }

    protected abstract void writeBody(XmlSerializer writer) throws IOException;

    protected abstract void parseBody(XmlPullParser parser) throws IOException, XmlPullParserException;
}
