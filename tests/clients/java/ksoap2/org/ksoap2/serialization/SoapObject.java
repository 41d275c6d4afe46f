package org.ksoap2.serialization;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Stands in for kSOAP2's class: an element with properties in order, whose names may repeat. */
public class SoapObject {
    final String namespace;
    final String name;
    final List<Map.Entry<String, Object>> properties = new ArrayList<>();

    public SoapObject(String namespace, String name) {
        this.namespace = namespace;
        this.name = name;
    }

    public SoapObject addProperty(String name, Object value) {
        properties.add(new java.util.AbstractMap.SimpleEntry<>(name, value));
        return this;
    }

    public int getPropertyCount() {
        return properties.size();
    }

    public Object getProperty(int index) {
        return properties.get(index).getValue();
    }

    public Object getProperty(String name) {
        for (Map.Entry<String, Object> property : properties) {
            if (property.getKey().equals(name)) {
                return property.getValue();
            }
        }
        throw new RuntimeException("illegal property: " + name);
    }

    public String getPropertyAsString(String name) {
        Object value = getProperty(name);
        return value == null ? "" : value.toString();
    }

    /** In kSOAP2 the name is a field of what this fills in. */
    public void getPropertyInfo(int index, PropertyInfo info) {
        info.name = properties.get(index).getKey();
    }
}
