using System.Net;
using Sidestep.Api;
using Sidestep.Control.AddressConflicts;
using Sidestep.Control.Doctor;
using Sidestep.Model;
using static Sidestep.UnitTests.Control.Doctor.HealthyEvidence;
using static Sidestep.UnitTests.Control.Doctor.RuleTests;

namespace Sidestep.UnitTests.Control.Doctor;

/// <summary>Faults of the director itself, and other hosts that answer for a VIP.</summary>
public sealed class DirectorAndConflictRulesTests
{
    [Fact]
    public void Local_VIP_breaks_all_its_services()
    {
        var found = Only(Evidence() with { LocalVips = [(Layer3Vip, "dummy0")] }, DiagnosisNames.VipLocalOnDirector);
        Assert.Equal((Severity.Broken, null), (found.Severity, found.Server));
        Assert.Equal(["far-dns", "far-www"], found.Services);
        Assert.Equal(["director: 203.0.113.20 is on 'dummy0'"], found.Evidence);
        Assert.Contains("ip address del 203.0.113.20/32 dev dummy0", found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Local_IPv6_VIP_is_removed_with_its_own_prefix_length() => Assert.Contains(
        "ip address del 2001:db8:113::10/128 dev lo",
        Only(Evidence() with { LocalVips = [(Layer2Vip6, "lo")] }, DiagnosisNames.VipLocalOnDirector).Remedy,
            StringComparison.Ordinal);

    [Fact]
    public void Two_local_VIPs_are_two_diagnoses() => Assert.Equal(
        2, Names(Evidence() with { LocalVips = [(Layer2Vip, "lo"), (Layer3Vip, "lo")] }).Length);

    /// <summary>Nothing is diagnosed here: servers are healthy, or a server fails that does not answer the doctor
    /// either.</summary>
    [Fact]
    public void Reply_filter_is_no_fault_unless_it_explains_failing_health_checks()
    {
        var filtered = Evidence() with { ReplyFilters = [(Layer3Vip, "rp_filter is 1")] };
        Assert.Empty(Names(filtered));
        Assert.DoesNotContain(DiagnosisNames.ProbeRepliesDropped, Names(filtered.With("far1",
            static s => s.WithPathReplies(ProbeReply.NoReply) with { UnhealthyIn = ["far/ipip"] })));
        var found = Only(filtered.With("far1", static s => s with { UnhealthyIn = ["far/ipip"] }),
            DiagnosisNames.ProbeRepliesDropped);
        Assert.Equal((Severity.Broken, null), (found.Severity, found.Server));
        Assert.Equal(["far-dns", "far-www"], found.Services);
        Assert.Equal(["director: rp_filter is 1"], found.Evidence);
    }

    [Fact]
    public void VIP_that_is_local_by_a_route_names_the_route()
    {
        var found = Only(Evidence() with { LocalRoutes = [Layer3Vip] }, DiagnosisNames.VipLocalOnDirector);
        Assert.Equal(["director: the route to 203.0.113.20 is of type local"], found.Evidence);
        Assert.Contains("ip route del local 203.0.113.20/32 table local", found.Remedy, StringComparison.Ordinal);
    }

    /// <summary>Nothing is diagnosed here: both interfaces carry frames and are attached.</summary>
    [Fact]
    public void Interface_that_works_has_no_diagnosis() => Assert.Empty(Names(Evidence() with
    {
        Interfaces = [new InterfaceEvidence("eth0", Driver.Auto, Driver.Native, null),
            new InterfaceEvidence("eth1", Driver.Auto, Driver.AfPacket, null)],
    }));

    [Theory]
    [InlineData(LinkCondition.Missing, null, DiagnosisNames.InterfaceMissing, "director: there is no interface 'eth1'")]
    [InlineData(LinkCondition.Down, Driver.Native, DiagnosisNames.InterfaceDown, "director: interface 'eth1' is down")]
    [InlineData(LinkCondition.NoCarrier, Driver.Native, DiagnosisNames.InterfaceDown,
        "director: interface 'eth1' has no carrier")]
    [InlineData(LinkCondition.Up, null, DiagnosisNames.InterfaceDetached, "director: not attached to 'eth1'")]
    public void One_of_two_interfaces_that_fails_impairs_all_services(LinkCondition link, Driver? actual, string name,
        string evidence)
    {
        var found = Only(Evidence() with
        {
            Interfaces = [new InterfaceEvidence("eth0", Driver.Auto, Driver.Native, null),
                new InterfaceEvidence("eth1", Driver.Auto, actual, null, link)],
        }, name);
        Assert.Equal((Severity.Impaired, null), (found.Severity, found.Server));
        Assert.Equal(["far-dns", "far-www", "near-www"], found.Services);
        Assert.Equal([evidence], found.Evidence);
    }

    /// <summary>A link that the server does not use explains nothing.</summary>
    [Fact]
    public void Server_behind_an_interface_that_works_keeps_its_own_diagnosis() => Assert.Equal(
        [DiagnosisNames.InterfaceDown, DiagnosisNames.DsrPathDown], Names((Evidence() with
        {
            Interfaces = [new InterfaceEvidence("eth0", Driver.Auto, Driver.Native, null),
                new InterfaceEvidence("eth1", Driver.Auto, Driver.Native, null, LinkCondition.NoCarrier)],
        }).With("far1", static s => s.WithPathReplies(ProbeReply.NoReply))));

    [Theory]
    [InlineData(Driver.Auto, Driver.Generic, "LRO is on", true)]
    [InlineData(Driver.Native, Driver.Generic, "LRO is on", true)]
    [InlineData(Driver.Generic, Driver.Generic, "LRO is on", false)] // as configured
    [InlineData(Driver.Auto, Driver.Native, "LRO is on", false)]
    [InlineData(Driver.Auto, Driver.Generic, null, false)]
    public void Generic_XDP_is_a_warning_unless_it_is_configured(Driver configured, Driver actual, string? reason,
        bool isFound)
    {
        var evidence = Evidence() with { Interfaces = [new InterfaceEvidence("eth0", configured, actual, reason)] };
        Assert.Equal(isFound ? [DiagnosisNames.XdpModeDegraded] : [], Names(evidence));
        if (!isFound)
            return;
        var found = Only(evidence, DiagnosisNames.XdpModeDegraded);
        Assert.Equal(Severity.Warning, found.Severity);
        Assert.Equal(["director: eth0: LRO is on"], found.Evidence);
    }

    [Theory]
    [InlineData(VipConflicts.UnknownHost, null, "A host that is neither this director nor one of its real servers",
        "Find 02:ff:ff:ff:ff:ff")]
    [InlineData(VipConflicts.Director, "10.0.0.3", "The other director 10.0.0.3", "trafficEnabled: false")]
    public void Other_host_in_conflict_is_named_with_what_the_director_received(string kind, string? host,
        string summary, string remedy)
    {
        var found = Only(Conflict(Layer2Vip, "02:ff:ff:ff:ff:ff", kind, host), DiagnosisNames.VipConflict);
        Assert.Equal((Severity.Broken, null), (found.Severity, found.Server));
        Assert.Equal(["near-www"], found.Services);
        Assert.Equal(["director: 02:ff:ff:ff:ff:ff answered for 203.0.113.10 on 'eth0', 4 times, last at 03:04:05"],
            found.Evidence);
        Assert.StartsWith(summary, found.Summary, StringComparison.Ordinal);
        Assert.Contains(remedy, found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Server_that_answers_ARP_is_diagnosed_with_its_wrong_settings_only()
    {
        var evidence = Conflict(Layer2Vip, "02:aa:aa:aa:aa:aa", VipConflicts.Server, "near2")
            .With("near2", static s => s.WithReport(
            static r => r.WithWrongCondition(ConditionNames.ArpAnnounce, "eth0")
                .WithWrongCondition(ConditionNames.Persistence, "")));
        var found = Only(evidence, DiagnosisNames.ServerAnswersArp);
        Assert.Equal((Severity.Broken, "near2"), (found.Severity, found.Server));
        Assert.Equal(["near-www"], found.Services);
        Assert.Equal(
            [
                "director: 02:aa:aa:aa:aa:aa answered for 203.0.113.10 on 'eth0', 4 times, last at 03:04:05",
                "agent: arp-announce (eth0) is found, wanted wanted",
            ], found.Evidence);
    }

    [Fact]
    public void Server_that_advertises_an_IPv6_VIP_does_not_answer_ARP()
    {
        var evidence = Conflict(Layer2Vip6, Mac("near1"), VipConflicts.Server, "near1")
            .With("near1", static s => s.WithReport(
            static r => r.WithWrongCondition(ConditionNames.NeighbourSuppression, "eth0")
                .WithWrongCondition(ConditionNames.ArpIgnore, "eth0")));
        Assert.Equal([DiagnosisNames.ServerAdvertisesVip, DiagnosisNames.Drift], Names(evidence));
        var found = Only(evidence, DiagnosisNames.ServerAdvertisesVip);
        Assert.Equal(
            [
                "director: 02:00:00:00:01:01 answered for 2001:db8:113::10 on 'eth0', 4 times, last at 03:04:05",
                "agent: neighbour-suppression (eth0) is found, wanted wanted",
            ], found.Evidence);
        Assert.Contains("ip address add 2001:db8:113::10/128 dev lo", found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Server_that_no_longer_exists_is_another_host() => Assert.Equal(
        [DiagnosisNames.VipConflict], Names(Conflict(Layer2Vip, "02:ff:ff:ff:ff:ff", VipConflicts.Server, "near9")));

    private static Evidence Conflict(IPAddress vip, string mac, string kind, string? host) =>
        Evidence() with { Conflicts = [new VipConflict(vip, mac, "eth0", host, kind, Now.AddSeconds(-9), Now, 4)] };
}
