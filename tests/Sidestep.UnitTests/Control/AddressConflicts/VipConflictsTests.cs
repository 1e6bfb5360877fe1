using Sidestep.Api;
using Sidestep.Control.AddressConflicts;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Control.AddressConflicts;

public sealed class VipConflictsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly VrfAddress Vip = VrfAddress.Parse("203.0.113.10"), Other = VrfAddress.Parse("203.0.113.11");
    private static readonly MacAddress Mac = new(0x0200_0000_0001), OtherMac = new(0x0200_0000_0002);
    private static readonly ConflictingHost Web1 = new(VipConflicts.Server, "web1");
    private readonly VipConflicts _conflicts = new();

    [Fact]
    public void First_conflict_is_reported_and_later_ones_are_counted()
    {
        var expected = new VipConflict(Vip.Address, "02:00:00:00:00:01", "eth0", "web1", "server", Start, Start, 1);
        Assert.Equal(expected, Record(0));
        Assert.Null(Record(1));
        Assert.Equal([expected with { Last = Start.AddSeconds(1), Times = 2 }], _conflicts.Current);
    }

    [Fact]
    public void Host_that_becomes_known_replaces_the_unknown_one()
    {
        _conflicts.Record(Vip, Mac, "eth0", ConflictingHost.Unknown, Start);
        Assert.Equal((null, "unknown-host"), (_conflicts.Current[0].Host, _conflicts.Current[0].Kind));
        Record(1);
        Assert.Equal(("web1", "server"), (_conflicts.Current[0].Host, _conflicts.Current[0].Kind));
    }

    [Fact]
    public void Conflicts_are_ordered_by_VIP_and_then_by_Ethernet_address()
    {
        Record(0, Other, OtherMac);
        Record(0, Other, Mac);
        Record(0, Vip, OtherMac);
        Assert.Equal(
            ["203.0.113.10 02:00:00:00:00:02", "203.0.113.11 02:00:00:00:00:01", "203.0.113.11 02:00:00:00:00:02"],
            _conflicts.Current.Select(static c => $"{c.Vip} {c.Mac}"));
    }

    [Fact]
    public void Conflict_expires_without_renewal_and_is_reported_again()
    {
        Record(0);
        Record(0, Other);
        Record(2, Other);
        Assert.Empty(_conflicts.Expire(Start.AddSeconds(4), TimeSpan.FromSeconds(4)));
        Assert.Equal([Vip.Address], _conflicts.Expire(Start.AddSeconds(5), TimeSpan.FromSeconds(4))
            .Select(static c => c.Vip));
        Assert.Equal([Other.Address], _conflicts.Current.Select(static c => c.Vip));
        Assert.NotNull(Record(6));
    }

    [Fact]
    public void VIP_is_announced_at_most_once_a_second_and_three_times_a_minute()
    {
        Assert.Equal([0, 1, 2, 60, 61, 62, 120],
            Announced(0, 0.5, 0.999, 1, 2, 3, 4, 59.999, 60, 60.5, 61, 62, 63, 119, 120));
        // Each VIP has its own limit.
        Assert.True(_conflicts.MayAnnounce(Other, Start.AddSeconds(120)));
    }

    [Fact]
    public void Announcements_of_one_conflict_are_limited_in_total()
    {
        Record(0);
        var announced = Announced([.. Enumerable.Range(0, 3600).Select(static s => (double)s)]).Count;
        Assert.Equal(20, announced);
        Assert.False(_conflicts.MayAnnounce(Vip, Start.AddDays(1)));
    }

    [Fact]
    public void Conflict_that_ended_does_not_count_for_the_next_but_its_last_minute_does()
    {
        Record(0);
        Assert.Equal(20, Announced([.. Enumerable.Range(0, 3600).Select(static s => (double)s)]).Count);
        var end = Start.AddSeconds(3600);
        Assert.Single(_conflicts.Expire(end, TimeSpan.FromSeconds(4)));
        Assert.Equal([3600, 3601, 3602, 3660], Announced(3600, 3601, 3602, 3603, 3659, 3660));
        _conflicts.Record(Vip, Mac, "eth0", Web1, end.AddSeconds(60));
        Assert.Single(_conflicts.Expire(end.AddSeconds(65), TimeSpan.FromSeconds(4)));
        Assert.Equal([3665, 3666], Announced(3665, 3666, 3667));
    }

    [Fact]
    public void Total_still_counts_while_another_host_answers_for_the_VIP()
    {
        Record(0);
        Assert.Equal(20, Announced([.. Enumerable.Range(0, 3600).Select(static s => (double)s)]).Count);
        Record(3600, Vip, OtherMac);
        Assert.Single(_conflicts.Expire(Start.AddSeconds(3601), TimeSpan.FromSeconds(4)));
        Assert.Empty(Announced(3700));
    }

    [Fact]
    public void Number_of_conflicts_is_limited_but_known_ones_still_count()
    {
        for (ulong mac = 0; mac < 5000; mac++)
            _conflicts.Record(Vip, new MacAddress(mac), "eth0", ConflictingHost.Unknown, Start);
        Assert.Equal(1000, _conflicts.Current.Length);
        Assert.Null(_conflicts.Record(Other, Mac, "eth0", ConflictingHost.Unknown, Start));
        _conflicts.Record(Vip, new MacAddress(0), "eth0", ConflictingHost.Unknown, Start);
        Assert.Equal(2, _conflicts.Current[0].Times);
    }

    [Theory]
    [InlineData(VipConflicts.Server, "web1", "real server web1")]
    [InlineData(VipConflicts.Director, "10.0.0.3", "another director, 10.0.0.3")]
    [InlineData(VipConflicts.UnknownHost, null, "an unknown host")]
    public void Alarm_names_the_conflicting_host(string kind, string? name, string expected) => Assert.Equal(
        $"{expected} (02:00:00:00:00:01) answers for the VIP 203.0.113.10 on 'eth0': part of its traffic may bypass "
            + "this director",
        VipConflicts.Describe(_conflicts.Record(Vip, Mac, "eth0", new ConflictingHost(kind, name), Start)!));

    private VipConflict? Record(int second, VrfAddress? vip = null, MacAddress? mac = null) =>
        _conflicts.Record(vip ?? Vip, mac ?? Mac, "eth0", Web1, Start.AddSeconds(second));

    /// <summary>Those of these seconds at which the VIP may be announced.</summary>
    private List<double> Announced(params double[] seconds) =>
        [.. seconds.Where(s => _conflicts.MayAnnounce(Vip, Start.AddSeconds(s)))];
}
