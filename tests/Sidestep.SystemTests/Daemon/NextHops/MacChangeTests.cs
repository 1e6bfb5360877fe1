using System.Globalization;

namespace Sidestep.SystemTests.Daemon.NextHops;

/// <summary>A next hop's Ethernet address changes without an announcement.</summary>
[Collection(SerialTests.Name)]
public sealed class MacChangeTests(ITestOutputHelper output)
{
    private const int Changes = 4;

    [Fact]
    public void Traffic_follows_a_servers_new_MAC_address_within_a_second()
    {
        using var segment = new Segment();
        segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        traffic.WaitForSent(100);
        var serverOf = ExchangeAssert.ServerByClient(traffic.Snapshot());
        var clients = serverOf.Where(static s => s.Value == 1).Select(static s => s.Key).ToArray();
        var first = traffic.Count;
        for (var i = 0; i < Changes; i++)
        {
            var outage = Outage.Measure(traffic, clients, () => segment.Servers[0]
                .Ip(string.Create(CultureInfo.InvariantCulture,
                $"link set dev eth0 address 02:00:00:00:09:{i + 1:x2}")));
            output.WriteLine($"followed after {outage.TotalMilliseconds:0} ms");
            Assert.True(outage < TimeLimits.NextHopConvergence, $"took {outage.TotalMilliseconds:0} ms");
            traffic.WaitForSent(150);
        }
        // Clients of the other server lost nothing.
        ExchangeAssert.AllAnswered([.. traffic.Stop().Skip(first)], c => serverOf[c] == 2);
    }
}
