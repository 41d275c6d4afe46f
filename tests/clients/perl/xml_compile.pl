#!/usr/bin/perl
# The scenario in SOAP document/literal, by XML::Compile: it makes requests and reads responses with
# nothing but the schema in the WSDL.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use HTTP::Tiny;
use Steps;
use XML::Compile::Cache;
use XML::Compile::Util qw(pack_type);
use XML::LibXML;

my ($url) = @ARGV;
my $envelope = 'http://schemas.xmlsoap.org/soap/envelope/';
my $http = HTTP::Tiny->new;

my $wsdl = XML::LibXML->load_xml(string => fetched($http->get("$url?wsdl")));
my ($schema) = $wsdl->getElementsByTagNameNS('http://www.w3.org/2001/XMLSchema', 'schema');
my $types = XML::Compile::Cache->new(
    $schema, allow_undeclared => 1, opts_rw => { sloppy_integers => 1, sloppy_floats => 1 },
);

Steps::run(sub {
    my ($method, $params) = @_;
    # It refuses the word itself, unless told not to look.
    my $writer = ($params->{id} // '') eq 'twelve'
        ? $types->compile(WRITER => element($method), check_values => 0)
        : $types->writer(element($method));
    my $document = XML::LibXML::Document->new('1.0', 'UTF-8');
    my $root = $document->createElementNS($envelope, 'soap:Envelope');
    $document->setDocumentElement($root);
    $root->addNewChild($envelope, 'Body')->addChild($writer->($document, $params));
    my $response = $http->post($url, {
        content => $document->toString,
        headers => { 'content-type' => 'text/xml; charset=utf-8', soapaction => '""' },
    });
    my $body = XML::LibXML->load_xml(string => fetched($response))->documentElement;
    if (my ($fault) = $body->getElementsByTagNameNS($envelope, 'Fault')) {
        my ($code, $message) = map { $fault->findvalue($_) } qw(faultcode faultstring);
        die { code => $code, message => $message };
    }
    my ($answer) = $body->getElementsByTagNameNS('urn:kimai-remote', "${method}Response");
    my $result = $types->reader(element("${method}Response"))->($answer)->{"${method}Result"};
    return ref $result ? Steps::plain(known($result)) : $result;
});

# A value that is nil is the word NIL.
sub known {
    my ($value) = @_;
    return [map { known($_) } @$value] if ref $value eq 'ARRAY';
    return { map { $_ => known($value->{$_}) } keys %$value } if ref $value eq 'HASH';
    return $value eq 'NIL' ? undef : $value;
}

sub element {
    my ($name) = @_;
    return pack_type('urn:kimai-remote', $name);
}

sub fetched {
    my ($response) = @_;
    die "$response->{status} $response->{content}" unless $response->{status} =~ /^(?:200|500)$/;
    return $response->{content};
}
