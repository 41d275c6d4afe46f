package org.ksoap2.transport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.util.zip.GZIPInputStream;
import org.ksoap2.SoapEnvelope;
import org.kxml2.io.KXmlParser;
import org.kxml2.io.KXmlSerializer;
import org.xmlpull.v1.XmlPullParser;
import org.xmlpull.v1.XmlPullParserException;

/** Stands in for kSOAP2's class: sends an envelope with kSOAP2's headers. */
public class HttpTransportSE {
    private final String url;

    public HttpTransportSE(String url) {
        this.url = url;
    }

    public void call(String soapAction, SoapEnvelope envelope) throws IOException, XmlPullParserException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        KXmlSerializer writer = new KXmlSerializer();
        writer.setOutput(body, "UTF-8");
        envelope.write(writer);
        writer.flush();
        body.write('\r');
        body.write('\n');

        HttpURLConnection connection = (HttpURLConnection) new URL(url).openConnection();
        connection.setDoOutput(true);
        connection.setRequestMethod("POST");
        connection.setRequestProperty("User-Agent", "ksoap2-android/2.6.0+");
        connection.setRequestProperty("SOAPAction", soapAction == null ? "\"\"" : soapAction);
        connection.setRequestProperty("Content-Type", "text/xml;charset=utf-8");
        connection.setRequestProperty("Accept-Encoding", "gzip");
        connection.setFixedLengthStreamingMode(body.size());
        connection.getOutputStream().write(body.toByteArray());

        // The body of a fault comes with status 500.
        InputStream response = connection.getResponseCode() == 200
            ? connection.getInputStream() : connection.getErrorStream();
        if ("gzip".equals(connection.getContentEncoding())) {
            response = new GZIPInputStream(response);
        }
        KXmlParser parser = new KXmlParser();
        parser.setFeature(XmlPullParser.FEATURE_PROCESS_NAMESPACES, true);
        parser.setInput(response, null);
        envelope.parse(parser);
    }
}
