package org.ksoap2.serialization;

import java.io.IOException;
import java.util.Hashtable;
import java.util.Map;
import java.util.Vector;
import org.ksoap2.SoapEnvelope;
import org.ksoap2.SoapFault;
import org.xmlpull.v1.XmlPullParser;
import org.xmlpull.v1.XmlPullParserException;
import org.xmlpull.v1.XmlSerializer;

/** Stands in for kSOAP2's class: writes a call's properties, and reads the response's. */
public class SoapSerializationEnvelope extends SoapEnvelope {
    private static final Map<Class<?>, String> TYPES = Map.of(
        Integer.class, "int", Long.class, "long", Boolean.class, "boolean", String.class, "string");

    /** The call declares its namespace as the default one, so its properties are in it too. */
    public boolean dotNet;
    /** No types are written. */
    public boolean implicitTypes;
    boolean readsMaps;
    private boolean addAdornments = true;

    public SoapSerializationEnvelope(int version) {
        if (version != VER11) {
            throw new IllegalArgumentException("only SOAP 1.1");
        }
    }

    /** Whether the call has an id and is marked as the root. */
    public void setAddAdornments(boolean addAdornments) {
        this.addAdornments = addAdornments;
    }

    public Object getResponse() throws SoapFault {
        if (bodyIn instanceof SoapFault fault) {
            throw fault;
        }
        return ((SoapObject) bodyIn).getPropertyCount() == 0 ? null : ((SoapObject) bodyIn).getProperty(0);
    }

    @Override
    protected void writeBody(XmlSerializer writer) throws IOException {
        SoapObject call = (SoapObject) bodyOut;
        String namespace = dotNet ? "" : call.namespace;
        writer.startTag(namespace, call.name);
        if (dotNet) {
            writer.attribute(null, "xmlns", call.namespace);
        }
        if (addAdornments) {
            writer.attribute(null, "id", "o0");
            writer.attribute(ENC, "root", "1");
        }
        writeProperties(writer, call);
        writer.endTag(namespace, call.name);
    }

    private void writeProperties(XmlSerializer writer, SoapObject object) throws IOException {
        for (Map.Entry<String, Object> property : object.properties) {
            String name = property.getKey();
            if (property.getValue() instanceof SoapObject inner) {
                writer.startTag(inner.namespace, name);
                if (!implicitTypes) {
                    writeType(writer, inner.namespace, inner.name);
                }
                writeProperties(writer, inner);
                writer.endTag(inner.namespace, name);
            } else {
                writer.startTag(null, name);
                writeValue(writer, property.getValue());
                writer.endTag(null, name);
            }
        }
    }

    private void writeValue(XmlSerializer writer, Object value) throws IOException {
        if (value == null) {
            // Not nil: kSOAP2 has the name of 1999 for SOAP 1.1.
            writer.attribute(XSI, "null", "true");
        } else if (value instanceof Hashtable<?, ?> map) {
            writeType(writer, MarshalHashtable.NAMESPACE, "Map");
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                writer.startTag("", "item");
                writeProperties(writer, new SoapObject(null, null)
                    .addProperty("key", entry.getKey()).addProperty("value", entry.getValue()));
                writer.endTag("", "item");
            }
        } else {
            if (!implicitTypes) {
                writeType(writer, XSD, TYPES.get(value.getClass()));
            }
            writer.text(value.toString());
        }
    }

    private static void writeType(XmlSerializer writer, String namespace, String name) throws IOException {
        writer.attribute(XSI, "type", writer.getPrefix(namespace, true) + ":" + name);
    }

    @Override
    protected void parseBody(XmlPullParser parser) throws IOException, XmlPullParserException {
        parser.nextTag();
        if (parser.getNamespace().equals(ENV) && parser.getName().equals("Fault")) {
            SoapFault fault = new SoapFault();
            fault.parse(parser);
            bodyIn = fault;
        } else {
            bodyIn = read(parser);
            parser.nextTag();
        }
    }

    /** The value of the element whose start tag the parser is on; then it is on the end tag. */
    private Object read(XmlPullParser parser) throws IOException, XmlPullParserException {
        if ("true".equals(parser.getAttributeValue(XSI, "nil"))) {
            parser.nextTag();
            return null;
        }
        String type = parser.getAttributeValue(XSI, "type");
        if (type == null) {
            return readUnknown(parser);
        }
        int colon = type.indexOf(':');
        String namespace = parser.getNamespace(type.substring(0, colon));
        String name = type.substring(colon + 1);
        return switch (namespace + " " + name) {
            case XSD + " string" -> parser.nextText();
            case XSD + " int" -> Integer.parseInt(parser.nextText());
            case XSD + " long" -> Long.parseLong(parser.nextText());
            case XSD + " boolean" -> parser.nextText().matches("1|true");
            case ENC + " Array" -> readVector(parser);
            case MarshalHashtable.NAMESPACE + " Map" ->
                readsMaps ? readMap(parser) : readUnknown(parser);
            default -> readUnknown(parser);
        };
    }

    private Object readUnknown(XmlPullParser parser) throws IOException, XmlPullParserException {
        SoapObject object = new SoapObject(parser.getNamespace(), parser.getName());
        parser.next();
        String text = null;
        if (parser.getEventType() == XmlPullParser.TEXT) {
            text = parser.getText();
            parser.next();
        }
        while (parser.getEventType() == XmlPullParser.START_TAG) {
            object.addProperty(parser.getName(), read(parser));
            parser.nextTag();
        }
        // An empty element is an object without properties, also where the text is empty.
        return text == null || object.getPropertyCount() > 0 ? object : new SoapPrimitive(text);
    }

    private Vector<Object> readVector(XmlPullParser parser) throws IOException, XmlPullParserException {
        Vector<Object> vector = new Vector<>();
        while (parser.nextTag() == XmlPullParser.START_TAG) {
            vector.add(read(parser));
        }
        return vector;
    }

    /** A Hashtable can't hold null, so a null value is left out. */
    private Hashtable<Object, Object> readMap(XmlPullParser parser)
            throws IOException, XmlPullParserException {
        Hashtable<Object, Object> map = new Hashtable<>();
        while (parser.nextTag() == XmlPullParser.START_TAG) {
            parser.nextTag();
            Object key = read(parser);
            parser.nextTag();
            Object value = read(parser);
            parser.nextTag();
            if (value != null) {
                map.put(key, value);
            }
        }
        return map;
    }
}
