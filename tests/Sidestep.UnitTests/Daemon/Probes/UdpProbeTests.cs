using System.Net.Sockets;
using System.Text;
using Sidestep.Control.Health;
using Sidestep.Daemon.Probes;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Probes;

public sealed class UdpProbeTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("ping", null)]
    [InlineData("ping", "ong")]
    public async Task Reply_that_contains_the_expected_text_is_a_success(string? send, string? expect)
    {
        var (endpoint, received) = LocalServer.Udp(static _ => "pong"u8.ToArray());
        Assert.Equal(ProbeResult.Success, await RunAsync(endpoint, send, expect));
        Assert.Equal(send ?? "", Encoding.Latin1.GetString(await received));
    }

    [Fact]
    public async Task Other_reply_is_a_failure()
    {
        var (endpoint, _) = LocalServer.Udp(static _ => "error"u8.ToArray());
        Assert.Equal(ProbeResult.WrongAnswer("the reply of 5 bytes does not contain the expected text"),
            await RunAsync(endpoint, "ping", "pong"));
    }

    [Fact]
    public async Task Large_reply_is_read_whole()
    {
        var (endpoint, _) = LocalServer.Udp(static _ => [.. new byte[60_000], .. "pong"u8]);
        Assert.Equal(ProbeResult.Success, await RunAsync(endpoint, "ping", "pong"));
    }

    /// <summary>RFC 1122 section 4.1.3.3: the ICMP port unreachable reaches the connected socket.</summary>
    [Fact]
    public async Task Closed_port_refuses() => Assert.Equal(SocketError.ConnectionRefused,
        (await Assert.ThrowsAsync<SocketException>(() =>
        RunAsync(LocalServer.Closed(), "ping", null))).SocketErrorCode);

    private static Task<ProbeResult> RunAsync(ProbeEndpoint endpoint, string? send, string? expect) =>
        UdpProbe.RunAsync(
        endpoint, new HealthMonitor { Name = "udp", Type = MonitorType.Udp, Send = send, Expect = expect },
        TestContext.Current.CancellationToken);
}
