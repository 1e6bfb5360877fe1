using System.Net;
using Sidestep.Control.Access;

namespace Sidestep.UnitTests.Control.Access;

public sealed class LoginLimitsTests
{
    private readonly ManualTime _time = new();
    private readonly LoginLimits _limits;

    public LoginLimitsTests() => _limits = new LoginLimits(_time);

    [Fact]
    public void Address_may_fail_ten_times_and_then_every_six_seconds()
    {
        var address = IPAddress.Parse("198.51.100.7");
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(TimeSpan.Zero, _limits.DelayOf(address, $"user{i}"));
            _limits.Failed(address, $"user{i}");
        }
        Assert.Equal(TimeSpan.FromSeconds(6), _limits.DelayOf(address, "other"));
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(TimeSpan.Zero, _limits.DelayOf(address, "other"));
        _limits.Failed(address, "other");
        Assert.Equal(TimeSpan.FromSeconds(6), _limits.DelayOf(address, "other"));
        Assert.Equal(TimeSpan.Zero, _limits.DelayOf(IPAddress.Parse("198.51.100.8"), "other"));
    }

    [Fact]
    public void User_is_protected_from_many_addresses()
    {
        for (int i = 0; i < 30; i++)
            _limits.Failed(new IPAddress([10, 0, 0, (byte)i]), "alice");
        Assert.Equal(TimeSpan.FromSeconds(2), _limits.DelayOf(IPAddress.Parse("10.0.1.1"), "alice"));
        Assert.Equal(TimeSpan.Zero, _limits.DelayOf(IPAddress.Parse("10.0.1.1"), "bob"));
    }

    [Fact]
    public void Addresses_of_one_IPv6_prefix_count_together()
    {
        for (int i = 0; i < 10; i++)
            _limits.Failed(IPAddress.Parse($"2001:db8::{i + 1:x}"), $"user{i}");
        Assert.NotEqual(TimeSpan.Zero, _limits.DelayOf(IPAddress.Parse("2001:db8::ffff"), "other"));
        Assert.Equal(TimeSpan.Zero, _limits.DelayOf(IPAddress.Parse("2001:db8:0:1::1"), "other"));
        Assert.Equal(TimeSpan.Zero, _limits.DelayOf(IPAddress.Parse("10.0.0.1"), "other"));
    }

    [Fact]
    public void Flood_of_addresses_leaves_the_slowed_ones_slowed()
    {
        var guesser = IPAddress.Parse("198.51.100.7");
        for (int i = 0; i < 40; i++)
            _limits.Failed(guesser, "alice");
        for (int i = 0; i < 30_000; i++)
            _limits.Failed(new IPAddress([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]), $"user{i}");
        Assert.True(_limits.DelayOf(guesser, "other") > TimeSpan.FromMinutes(2));
    }
}
