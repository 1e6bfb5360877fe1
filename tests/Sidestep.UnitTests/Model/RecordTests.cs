using System.Net;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

/// <summary>Small values of the configuration.</summary>
public sealed class RecordTests
{
    [Fact]
    public void Slot_counts_are_primes_just_below_a_multiple_of_a_block()
    {
        // Five blocks of 1,024 slots at least, ascending; a prime has no divisor up to its square root.
        Assert.Equal(SlotCounts.All.Order(), SlotCounts.All);
        Assert.Contains(SlotCounts.Default, SlotCounts.All);
        Assert.All(SlotCounts.All, static count =>
        {
            Assert.DoesNotContain(Enumerable.Range(2, (int)Math.Sqrt(count)), d => count % d == 0);
            Assert.InRange(1024 - count % 1024, 1, 20);
        });
    }

    [Theory]
    [InlineData("0123456789abcdeffedcba9876543210", 0x0123456789abcdef, 0xfedcba9876543210)]
    [InlineData("00000000000000000000000000000001", 0, 1)]
    public void Hash_key_has_its_first_digits_in_the_high_part(string text, ulong high, ulong low)
    {
        Assert.True(HashKey.TryParse(text, out var key));
        Assert.Equal((new HashKey(high, low), text), (key, key.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0123456789abcdeffedcba987654321")]
    [InlineData("0123456789abcdeffedcba98765432100")]
    [InlineData(" 123456789abcdeffedcba9876543210")]
    [InlineData("0123456789abcdefxedcba9876543210")]
    public void Text_that_is_no_hash_key_is_rejected(string? text) => Assert.False(HashKey.TryParse(text, out _));

    [Theory]
    [InlineData(0, 65535, "any")]
    [InlineData(80, 80, "80")]
    [InlineData(8000, 8099, "8000-8099")]
    [InlineData(1, 65535, "1-65535")]
    public void Port_range_is_written_as_in_the_configuration(int first, int last, string text) =>
        Assert.Equal(text, new PortRange((ushort)first, (ushort)last).ToString());

    [Theory]
    [InlineData(Driver.Auto, "auto", EngineKind.Auto)]
    [InlineData(Driver.Native, "native", EngineKind.Xdp)]
    [InlineData(Driver.Generic, "generic", EngineKind.Xdp)]
    [InlineData(Driver.AfXdp, "af-xdp", EngineKind.Managed)]
    [InlineData(Driver.AfPacket, "af-packet", EngineKind.Managed)]
    public void Driver_has_a_name_and_an_engine(Driver driver, string name, EngineKind engine) =>
        Assert.Equal((name, engine), (driver.Name(), driver.Engine()));

    [Fact]
    public void API_settings_are_equal_by_value()
    {
        ApiSettings Settings(string listen) => new()
        {
            Listen = [IPEndPoint.Parse(listen)],
            Tls = new TlsFiles("/c", "/k", "/a"),
        };
        Assert.Equal(Settings("10.0.0.2:7443"), Settings("10.0.0.2:7443"));
        Assert.Equal(Settings("10.0.0.2:7443").GetHashCode(), Settings("10.0.0.2:7443").GetHashCode());
        Assert.NotEqual(Settings("10.0.0.2:7443"), Settings("10.0.0.2:7444"));
        Assert.NotEqual(Settings("10.0.0.2:7443"), Settings("10.0.0.2:7443") with { Tls = null });
    }

    [Theory]
    [InlineData("10.0.0.1", 24, "10.0.0.0/24")]
    [InlineData("10.0.255.1", 20, "10.0.240.0/20")]
    [InlineData("10.0.0.1", 0, "0.0.0.0/0")]
    [InlineData("10.0.0.1", 32, "10.0.0.1/32")]
    [InlineData("2001:db8:ffff::1", 33, "2001:db8:8000::/33")]
    public void Network_of_an_address_has_no_host_bits(string address, int length, string network) =>
        Assert.Equal(network, new HostAddress(IPAddress.Parse(address), length).Network.ToString());

    [Theory]
    [InlineData("", "", "reason. Remedy.")]
    [InlineData("pools[0].slots", "7", "pools[0].slots: 7: reason. Remedy.")]
    [InlineData("pools", null, "pools: reason. Remedy.")]
    public void Issue_is_one_line(string path, string? value, string line)
    {
        var issue = new ConfigurationIssue(path, 3, 4, value, "reason", "Remedy");
        string expected = value?.Length == 0 ? "\"\": " + line : line;
        Assert.Equal(expected, issue.ToString());
        Assert.Equal($"f.yaml:3:4: warning: {expected}", issue.Format("f.yaml", "warning"));
    }

    [Fact]
    public void Suggestion_as_a_remedy_has_no_full_stop() =>
        Assert.Equal("p: reason. Did you mean q?",
            new ConfigurationIssue("p", 1, 1, null, "reason", "Did you mean q?").ToString());
}
