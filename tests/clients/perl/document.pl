#!/usr/bin/perl
# The scenario in SOAP document/literal, by SOAP::Lite's call: it can't make such methods itself.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use SOAP::Lite;
use Steps;

my ($url, $version) = (@ARGV, '1.1');
my $soap = SOAP::Lite->soapversion($version)->proxy($url)->default_ns('urn:kimai-remote')
    ->autotype(0)->on_fault(\&Steps::refuse);
# An encodingStyle would ask for the old rpc/encoded dialect.
$soap->serializer->encodingStyle('');

Steps::run(sub {
    my ($method, $params) = @_;
    my @elements = elements($params, $method, $Steps::PARAMETERS{$method});
    my $answer = $soap->call($method, @elements)->result;
    return ref $answer ? Steps::plain($answer) : $answer;
});

# Elements have to come in the order of the contract; a Perl hash has none.
sub elements {
    my ($values, $method, $order) = @_;
    return map {
        my $value = $values->{$_};
        # A value without a type is written as it is; a type would be an attribute in the request.
        SOAP::Data->name($_ => ref $value
            ? \SOAP::Data->value(elements($value, $method, $Steps::FIELDS{$method}))
            : SOAP::Utils::encode_data($value));
    } grep { exists $values->{$_} } @$order;
}
