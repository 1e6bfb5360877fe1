using System.Net.Sockets;
using Sidestep.Control.Health;
using Sidestep.Daemon.Probes;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Probes;

public sealed class TcpProbeTests
{
    [Fact]
    public async Task Connection_is_enough_without_an_expectation()
    {
        var (endpoint, _) = LocalServer.Tcp("", [], staysOpen: true);
        Assert.Equal(ProbeResult.Success, await RunAsync(endpoint, null, null));
    }

    [Fact]
    public async Task Text_is_sent_byte_by_byte()
    {
        var (endpoint, received) = LocalServer.Tcp("\xff\r\n", []);
        await RunAsync(endpoint, "PING \xff\r\n", null);
        Assert.Equal("PING \xff\r\n", await received);
    }

    [Theory]
    [InlineData("+PONG\r\n")]
    [InlineData("220 ready", "\r\n+PO", "NG\r\n")]
    public async Task Expected_text_is_found_in_a_reply_of_several_parts(params string[] replies)
    {
        var (endpoint, _) = LocalServer.Tcp("PING", replies, staysOpen: true);
        Assert.Equal(ProbeResult.Success, await RunAsync(endpoint, "PING", "+PONG"));
    }

    [Theory]
    [InlineData("-ERR", 4)]
    [InlineData("", 0)]
    public async Task Other_reply_is_a_failure_with_its_length(string reply, int length)
    {
        var (endpoint, _) = LocalServer.Tcp("PING", [reply]);
        Assert.Equal(ProbeResult.WrongAnswer($"the reply of {length} bytes does not contain the expected text"),
            await RunAsync(endpoint, "PING", "+PONG"));
    }

    [Fact]
    public async Task Reply_is_read_up_to_64_KiB()
    {
        var (endpoint, _) = LocalServer.Tcp("PING", [new string('x', 65_536) + "+PONG"], staysOpen: true);
        Assert.Equal(ProbeResult.WrongAnswer("the reply of 65536 bytes does not contain the expected text"),
            await RunAsync(endpoint, "PING", "+PONG"));
        (endpoint, _) = LocalServer.Tcp("PING", [new string('x', 65_531) + "+PONG"], staysOpen: true);
        Assert.Equal(ProbeResult.Success, await RunAsync(endpoint, "PING", "+PONG"));
    }

    [Fact]
    public async Task Closed_port_refuses() => Assert.Equal(SocketError.ConnectionRefused,
        (await Assert.ThrowsAsync<SocketException>(() => RunAsync(LocalServer.Closed(), null, null))).SocketErrorCode);

    private static Task<ProbeResult> RunAsync(ProbeEndpoint endpoint, string? send, string? expect) =>
        TcpProbe.RunAsync(
        endpoint, new HealthMonitor { Name = "tcp", Type = MonitorType.Tcp, Send = send, Expect = expect },
        new ProbeProgress(), TestContext.Current.CancellationToken);
}
