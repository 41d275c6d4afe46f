#!/usr/bin/perl
# The scenario in SOAP document/literal, by the classes that SOAP::WSDL's wsdl2perl has generated.
# Arguments: the URL, and the folder with the classes.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Steps;

my ($url, $classes) = @ARGV;
unshift @INC, $classes;
require MyInterfaces::KimaiRemote::KimaiRemotePort;

my $api = MyInterfaces::KimaiRemote::KimaiRemotePort->new({ proxy => $url });

Steps::run(sub {
    my ($method, $params) = @_;
    my $answer = $api->$method($params);
    if (!$answer) {  # a fault
        my ($code, $message) = map { "$_" } $answer->get_faultcode, $answer->get_faultstring;
        die { code => $code, message => $message };
    }
    my $getter = "get_${method}Result";
    my $result = $answer->$getter;
    return $result->can('as_hash_ref') ? Steps::plain($result->as_hash_ref) : $result->get_value;
});
