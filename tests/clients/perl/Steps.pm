package Steps;

# Runs the steps from standard input through a call function and prints the report.

use strict;
use warnings;

use JSON::PP;

# Parameters and the fields of records in the order of the contract.
our %PARAMETERS = (
    authenticate          => [qw(username password)],
    getVersion            => [],
    startRecord           => [qw(apiKey projectId activityId)],
    stopRecord            => [qw(apiKey entryId)],
    getUsers              => [qw(apiKey)],
    getCustomers          => [qw(apiKey)],
    getProjects           => [qw(apiKey includeTasks)],
    getTasks              => [qw(apiKey projectId)],
    getActiveRecording    => [qw(apiKey)],
    updateActiveRecording => [qw(apiKey record)],
    getTimesheet          => [qw(apiKey from to cleared start limit)],
    getTimesheetRecord    => [qw(apiKey id)],
    setTimesheetRecord    => [qw(apiKey record doUpdate)],
    removeTimesheetRecord => [qw(apiKey id)],
    getExpenses           => [qw(apiKey from to refundable cleared start limit)],
    getExpenseRecord      => [qw(apiKey id)],
    setExpenseRecord      => [qw(apiKey record doUpdate)],
    removeExpenseRecord   => [qw(apiKey id)],
);
our %FIELDS = (
    updateActiveRecording => [qw(projectID activityID description comment start end timeEntryID)],
    setTimesheetRecord    => [qw(
        id projectId taskId start end location trackingNumber description comment commentType rate
        fixedRate flagCleared statusId flagBillable budget approved
    )],
    setExpenseRecord => [qw(
        id projectId date designation comment commentType refundable cleared multiplier value
    )],
);

# The call gets the name of a method and its parameters by name.
# It dies with {code, message} for a SOAP fault.
sub run {
    my ($call) = @_;
    my $json = JSON::PP->new->utf8->allow_nonref->boolean_values(0, 1);
    my $text = do { local $/; <STDIN> };
    my %report;
    my @parts;
    for my $step (@{ $json->decode($text) }) {
        my $params = filled($step->{params}, \%report);
        my $answer = eval { $call->($step->{method}, $params) };
        if (my $fault = $@) {
            die $fault unless ref $fault;
            $answer = { fault => $fault };
        }
        $report{ $step->{name} } = $answer;
        # A Perl hash has no order, and the report's members are in the order of the steps.
        push @parts, $json->encode($step->{name}) . ':' . $json->encode($answer);
    }
    print '{', join(',', @parts), "}\n";
    return;
}

sub filled {
    my ($value, $report) = @_;
    return { map { $_ => filled($value->{$_}, $report) } keys %$value } if ref $value eq 'HASH';
    return $report->{$1}{items}[0]{$2} if defined $value && $value =~ /^\$(\w+)\.(\w+)$/;
    return $value;
}

# What on_fault of SOAP::Lite does.
sub refuse {
    my ($soap, $answer) = @_;
    die $answer // $soap->transport->status unless ref $answer;
    # SOAP::Lite doesn't know where SOAP 1.2 has them.
    die {
        code => $answer->faultcode // $answer->valueof('//Fault/Code/Value'),
        message => $answer->faultstring // $answer->valueof('//Fault/Reason/Text'),
    };
}

# Lists without the elements that wrap them. One record is decoded as a hash, several as a list.
sub plain {
    my ($value) = @_;
    return [map { plain($_) } @$value] if ref $value eq 'ARRAY';
    return $value unless ref $value eq 'HASH';
    my %plain = map { $_ => plain($value->{$_}) } keys %$value;
    for my $list (grep { exists $plain{$_} } qw(items tasks)) {
        my ($records) = ref $plain{$list} ? values %{ $plain{$list} } : ();
        $plain{$list} = ref $records eq 'ARRAY' ? $records : [$records // ()];
    }
    return \%plain;
}

1;
