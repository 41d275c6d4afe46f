package org.ksoap2.serialization;

/** Stands in for kSOAP2's class. */
public class PropertyInfo {
    public String name;
}
