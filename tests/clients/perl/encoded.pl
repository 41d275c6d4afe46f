#!/usr/bin/perl
# The scenario in SOAP rpc/encoded, by the methods that SOAP::Lite makes from the WSDL.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use SOAP::Lite;
use Steps;

my ($url) = @ARGV;
my $api = SOAP::Lite->service("$url?wsdl&style=rpc")->on_fault(\&Steps::refuse);
# The generated methods can't pass a hash; a plain call can.
my $plain = SOAP::Lite->proxy($url)->ns($url)->on_fault(\&Steps::refuse);

Steps::run(sub {
    my ($method, $params) = @_;
    my @names = @{ $Steps::PARAMETERS{$method} };
    return $api->$method(@$params{@names}) unless $params->{record};
    my %type = (record => 'map', apiKey => 'string', doUpdate => 'boolean');
    my @values = map { SOAP::Data->name($_)->type($type{$_} => $params->{$_}) } @names;
    return $plain->call($method, @values)->result;
});
