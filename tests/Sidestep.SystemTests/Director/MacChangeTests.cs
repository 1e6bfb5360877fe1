using System.Globalization;

namespace Sidestep.SystemTests.Director;

/// <summary>A next hop's Ethernet address changes and nobody announces it.</summary>
[Collection(OneLabAtATime.Name)]
public sealed class MacChangeTests(ITestOutputHelper output)
{
    private const int Changes = 4;

    [Fact]
    public void TrafficFollowsAServerWithinASecond()
    {
        using var segment = new Segment();
        segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        traffic.Pass(100);
        var serverOf = NoLoss.ServerOf(traffic.SoFar());
        var clients = serverOf.Where(static s => s.Value == 1).Select(static s => s.Key).ToArray();
        var first = traffic.Count;
        for (var i = 0; i < Changes; i++)
        {
            var outage = Outage.Of(traffic, clients, () => segment.Servers[0].Ip(string.Create(CultureInfo.InvariantCulture, $"link set dev eth0 address 02:00:00:00:09:{i + 1:x2}")));
            output.WriteLine($"followed after {outage.TotalMilliseconds:0} ms");
            Assert.True(outage < Bound.FollowsANextHop, $"took {outage.TotalMilliseconds:0} ms");
            traffic.Pass(150);
        }
        // The other server's clients noticed nothing.
        NoLoss.Among([.. traffic.Stop().Skip(first)], c => serverOf[c] == 2);
    }
}
