using System.Globalization;

namespace Sidestep.SystemTests.Daemon;

/// <summary>Edits of the configuration under traffic.</summary>
[Collection(SerialTests.Name)]
public sealed class ConfigurationReloadTests
{
    [Fact]
    public void Edits_lose_no_packet_of_unaffected_servers()
    {
        using var segment = new Segment(servers: 3);
        // The third server runs, but is not in the file yet.
        // Flows move at once, so that the new server gets some.
        segment.File = segment.File with
        {
            Servers = [.. segment.File.Servers.Take(2)],
            ProfileLines = segment.File.ProfileLines + ", udpOnRebalance: move"
        };
        segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;

        void Edit(DirectorConfiguration file)
        {
            segment.Apply(file);
            traffic.WaitForSent(100);
        }

        Edit(segment.File with { Servers = [Segment.ServerEntry(1) with { Weight = 3 }, Segment.ServerEntry(2)] });
        Edit(segment.File with { Servers = [.. segment.File.Servers, Segment.ServerEntry(3)] });
        Assert.Contains(traffic.Snapshot(), static e => e.Server == 3);
        Edit(segment.File with
        {
            Services = [.. segment.File.Services, .. Enumerable.Range(0, 200)
            .Select(ExtraService)]
        });
        Edit(segment.File with { Services = [segment.File.Services[0]] });
        Edit(segment.File with
        {
            Servers = [Segment.ServerEntry(1) with { Enabled = false },
            .. segment.File.Servers.Skip(1)]
        });
        Edit(segment.File with { Servers = [.. segment.File.Servers.Skip(1)] });
        traffic.WaitForSent(50);

        // All servers run all the time: a packet that reaches any of them is answered.
        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered([.. exchanges.Skip(first)]);
        Assert.DoesNotContain(exchanges.TakeLast(50), static e => e.Server == 1);
    }

    [Fact]
    public void Replacing_all_servers_leaves_no_gap()
    {
        using var segment = new Segment(servers: 3);
        segment.File = segment.File with { Servers = [.. segment.File.Servers.Take(2)] };
        segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;
        // The director does not know its next hop yet.
        segment.Director.Ip("neigh flush all");
        segment.Apply(segment.File with { Servers = [Segment.ServerEntry(3)] });
        traffic.WaitForSent(100);
        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered([.. exchanges.Skip(first)]);
        Assert.All(exchanges.TakeLast(50), static e => Assert.Equal(3, e.Server));
    }

    private static UdpService ExtraService(int number) =>
        new(string.Create(CultureInfo.InvariantCulture, $"more{number}"),
        string.Create(CultureInfo.InvariantCulture, $"203.0.113.{20 + number % 100}"), 1000 + number);
}
