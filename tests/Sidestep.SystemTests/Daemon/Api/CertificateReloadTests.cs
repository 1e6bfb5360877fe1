using Sidestep.Api;

namespace Sidestep.SystemTests.Daemon.Api;

/// <summary>The certificates of the agent API are read again when their files change.</summary>
public sealed class CertificateReloadTests
{
    [Fact]
    public async Task Unreadable_certificates_lose_no_packet_and_are_loaded_again_later()
    {
        using var director = new AgentApiDirector();
        director.WriteFiles();
        File.WriteAllText(director.PathOf("director.key"), "not a key");
        director.Segment.File = director.WithApi();
        director.Segment.Start();
        using var traffic = director.Segment.Send();
        traffic.WaitUntilAllAnswered();
        Eventually.True(() => Degraded(director.Segment).Contains("node.api.keyFile", StringComparison.Ordinal),
            () => $"no alarm names the problem: {director.Segment.StatusText()}");

        director.WriteFiles();
        using var client = director.Client(director.Ca.Client("server1"));
        Eventually.True(() => Degraded(director.Segment).Length == 0,
            () => $"not tried again: {Degraded(director.Segment)}", TimeSpan.FromSeconds(60));
        Assert.NotEmpty((await AgentApiDirector.GetSpecAsync(client, "server1")).Services);

        // The next connection uses the new certificate of a new authority.
        using var nextCa = new CertificateAuthority("next");
        director.WriteFiles(nextCa);
        using var renewed = director.Client(nextCa.Client("server1"), nextCa);
        Eventually.True(() => CanGetSpec(renewed), () => "the new certificates are not used");
        ExchangeAssert.AllAnswered(traffic.Stop());
    }

    private static bool CanGetSpec(DirectorClient client)
    {
        try
        {
            return client.GetSpecAsync("server1", null, CancellationToken.None).GetAwaiter().GetResult() is not null;
        }
        catch (DirectorException)
        {
            return false;
        }
    }

    private static string Degraded(Segment segment) =>
        string.Join('\n', segment.Status().GetProperty("daemon").GetProperty("degraded").EnumerateArray()
        .Select(static d => d.GetString()));
}
