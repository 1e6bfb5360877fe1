using System.Net;
using System.Net.Sockets;
using Sidestep.Lab.Sessions;

namespace Sidestep.SystemTests.Lab.Sessions;

/// <summary>The evaluation of long connections must detect every kind of break.</summary>
public sealed class SessionTests
{
    private static readonly ServerInstance Web1 = new("web1", 1), Web1Restarted = new("web1", 2), Web2 = new("web2", 3);

    [Fact]
    public async Task Correct_replies_from_one_server_up_to_an_orderly_close_are_no_break()
    {
        using var server = new FakeServer(Web1, Web1, Web1);
        using var session = server.Client();

        Assert.Null(await session.OpenAsync());
        Assert.Null(await session.RequestAsync());
        Assert.Null(await session.RequestAsync());
        Assert.Equal(Web1, session.Server);
        Assert.Null(await session.CloseAsync());
    }

    [Fact]
    public async Task A_reply_from_another_server_is_a_break()
    {
        using var server = new FakeServer(Web1, Web2);
        using var session = server.Client();

        Assert.Null(await session.OpenAsync());
        Assert.Equal("answered by web2", await session.RequestAsync());
    }

    [Fact]
    public async Task A_reply_from_the_restarted_server_is_a_break()
    {
        using var server = new FakeServer(Web1, Web1Restarted);
        using var session = server.Client();

        Assert.Null(await session.OpenAsync());
        Assert.Contains("started again", await session.RequestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_close_by_the_server_is_a_break()
    {
        using var server = new FakeServer(Web1);
        using var session = server.Client();

        Assert.Null(await session.OpenAsync());
        Assert.Contains("closed", await session.RequestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_connection_is_a_break()
    {
        using var server = new FakeServer();
        using var session = server.Client();
        server.Dispose();

        Assert.NotNull(await session.OpenAsync());
    }

    // Answers one request per given server instance on one connection, and then closes it.
    private sealed class FakeServer : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public FakeServer(params IReadOnlyList<ServerInstance> instances)
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen();
            if (instances.Count > 0)
                _ = ReplyAsync(instances);
        }

        public Session Client() =>
            new(7, IPAddress.Loopback, (IPEndPoint)_listener.LocalEndPoint!, TimeSpan.FromSeconds(8));

        public void Dispose() => _listener.Dispose();

        private async Task ReplyAsync(IReadOnlyList<ServerInstance> instances)
        {
            using var socket = await _listener.AcceptAsync();
            var request = new byte[SessionWire.RequestLength];
            var reply = new byte[SessionWire.ResponseLength];
            foreach (var instance in instances)
            {
                if (!await SessionSocket.ReceiveAllAsync(socket, request, CancellationToken.None))
                    return;
                SessionWire.WriteResponse(reply, request, instance);
                await socket.SendAsync(reply);
            }
            // It sends nothing more and reads to the end: an unread request would cause a reset.
            socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(request) > 0)
            {
            }
        }
    }
}
