using System.Net;
using Sidestep.Control.AddressConflicts;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Control.AddressConflicts;

public sealed class VipConflictsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly IPAddress Vip = IPAddress.Parse("203.0.113.10");
    private static readonly MacAddress Mac = new(0x0200_0000_0001);

    [Fact]
    public void First_conflict_is_reported_and_later_ones_are_counted()
    {
        var conflicts = new VipConflicts();

        Assert.NotNull(Observe(conflicts, 0));
        Assert.Null(Observe(conflicts, 1));

        var conflict = Assert.Single(conflicts.Current);
        Assert.Equal((2, Start, Start.AddSeconds(1)), (conflict.Times, conflict.First, conflict.Last));
    }

    [Fact]
    public void Conflict_expires_without_renewal_and_is_reported_again()
    {
        var conflicts = new VipConflicts();
        Observe(conflicts, 0);

        Assert.Empty(conflicts.Expire(Start.AddSeconds(4), TimeSpan.FromSeconds(4)));
        Assert.Single(conflicts.Expire(Start.AddSeconds(5), TimeSpan.FromSeconds(4)));
        Assert.Empty(conflicts.Current);
        Assert.NotNull(Observe(conflicts, 6));
    }

    [Fact]
    public void Announcements_are_limited_to_three_a_minute_and_in_total()
    {
        var conflicts = new VipConflicts();
        var announced = 0;
        for (var second = 0; second < 60 * 60; second++)
        {
            Observe(conflicts, second);
            if (conflicts.MayAnnounce(Vip, Start.AddSeconds(second)))
                announced++;
            if (second == 59)
                Assert.Equal(VipConflicts.MaxAnnouncementsPerMinute, announced);
        }
        Assert.Equal(VipConflicts.MaxAnnouncementsPerConflict, announced);
    }

    [Fact]
    public void Number_of_conflicts_is_limited()
    {
        var conflicts = new VipConflicts();
        for (ulong mac = 0; mac < 5000; mac++)
            conflicts.Record(Vip, new MacAddress(mac), "eth0", ConflictingHost.Unknown, Start);
        Assert.Equal(VipConflicts.MaxConflicts, conflicts.Current.Length);
    }

    [Theory]
    [InlineData(VipConflicts.Server, "web1", "real server web1 (02:00:00:00:00:01)")]
    [InlineData(VipConflicts.Director, "10.0.0.3", "another director, 10.0.0.3")]
    [InlineData(VipConflicts.UnknownHost, null, "an unknown host")]
    public void Alarm_names_the_conflicting_host(string kind, string? name, string expected)
    {
        var conflicts = new VipConflicts();
        var conflict = conflicts.Record(Vip, Mac, "eth0", new ConflictingHost(kind, name), Start)!;
        Assert.Contains(expected, VipConflicts.Describe(conflict), StringComparison.Ordinal);
    }

    private static Sidestep.Api.VipConflict? Observe(VipConflicts conflicts, int second) =>
        conflicts.Record(Vip, Mac, "eth0", new ConflictingHost(VipConflicts.Server, "web1"), Start.AddSeconds(second));
}
