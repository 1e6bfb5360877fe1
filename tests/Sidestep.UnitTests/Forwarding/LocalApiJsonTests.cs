using System.Net;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>What a daemon with the managed engine and the command line send each other.</summary>
public sealed class LocalApiJsonTests
{
    [Fact]
    public void Tracked_flows_of_both_families_survive_the_round_trip()
    {
        var server = new ServerKey(new GroupKey("web", Encap.TryParse("ipip", out var encap) ? encap.Value : default), "web1", IPAddress.Parse("10.0.0.11"));
        TrackedFlow[] flows =
        [
            new("www", new Flow(IPAddress.Parse("198.51.100.7"), IPAddress.Parse("203.0.113.10"), 6, 40000, 80), server,
                TimeSpan.FromSeconds(1.5), TimeSpan.FromMinutes(2)),
            new("dns", new Flow(IPAddress.Parse("2001:db8:100::7"), IPAddress.Parse("2001:db8:113::10"), 17, 40001, 53), server,
                TimeSpan.Zero, TimeSpan.FromSeconds(1)),
        ];

        var read = LocalApiJson.Read<FlowsResponse>(LocalApiJson.Write(new FlowsResponse(new FlowTableStatus(1000, [server], ["www", "dns"]), flows)));

        Assert.Equal(flows, read.Flows);
        Assert.Equal(1000, read.Table.Capacity);
        Assert.Equal([server], read.Table.Servers);
        Assert.Equal(["www", "dns"], read.Table.Services);
    }
}
