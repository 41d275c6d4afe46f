package org.ksoap2;

import java.io.IOException;
import org.xmlpull.v1.XmlPullParser;
import org.xmlpull.v1.XmlPullParserException;

/** Stands in for kSOAP2's class; it throws on what a fault of SOAP 1.1 can't have. */
public class SoapFault extends IOException {
    public String faultcode;
    public String faultstring;

    public void parse(XmlPullParser parser) throws IOException, XmlPullParserException {
        while (parser.nextTag() == XmlPullParser.START_TAG) {
            switch (parser.getName()) {
                case "faultcode" -> faultcode = parser.nextText();
                case "faultstring" -> faultstring = parser.nextText();
                case "faultactor" -> parser.nextText();
                default -> throw new RuntimeException("unexpected tag: " + parser.getName());
            }
        }
        parser.require(XmlPullParser.END_TAG, SoapEnvelope.ENV, "Fault");
        parser.nextTag();
    }

    @Override
    public String getMessage() {
        return faultstring;
    }
}
