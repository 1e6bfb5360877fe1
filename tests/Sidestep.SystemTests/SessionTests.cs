using System.Net;
using System.Net.Sockets;
using Sidestep.Lab.Sessions;

namespace Sidestep.SystemTests;

/// <summary>The judge of the long connections: every kind of break must be seen as one.</summary>
public sealed class SessionTests
{
    private static readonly ServerInstance One = new("web1", 1), OneAgain = new("web1", 2), Two = new("web2", 3);

    [Fact]
    public async Task Right_answers_of_one_server_are_well_to_the_orderly_end()
    {
        using var server = new Server(One, One, One);
        using var session = server.Client();

        Assert.Null(await session.OpenAsync());
        Assert.Null(await session.AskAsync());
        Assert.Null(await session.AskAsync());
        Assert.Equal(One, session.Server);
        Assert.Null(await session.CloseAsync());
    }

    [Fact]
    public async Task An_answer_of_another_server_is_a_break()
    {
        using var server = new Server(One, Two);
        using var session = server.Client();

        Assert.Null(await session.OpenAsync());
        Assert.Equal("answered by web2", await session.AskAsync());
    }

    [Fact]
    public async Task An_answer_of_the_server_after_its_restart_is_a_break()
    {
        using var server = new Server(One, OneAgain);
        using var session = server.Client();

        Assert.Null(await session.OpenAsync());
        Assert.Contains("started again", await session.AskAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_close_is_a_break()
    {
        using var server = new Server(One);
        using var session = server.Client();

        Assert.Null(await session.OpenAsync());
        Assert.Contains("closed", await session.AskAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_there_is_a_break()
    {
        using var server = new Server();
        using var session = server.Client();
        server.Dispose();

        Assert.NotNull(await session.OpenAsync());
    }

    // Answers one connection as often as it has instances, and then closes.
    private sealed class Server : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public Server(params IReadOnlyList<ServerInstance> instances)
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen();
            if (instances.Count > 0)
                _ = AnswerAsync(instances);
        }

        public Session Client() => new(7, IPAddress.Loopback, (IPEndPoint)_listener.LocalEndPoint!, TimeSpan.FromSeconds(8));

        public void Dispose() => _listener.Dispose();

        private async Task AnswerAsync(IReadOnlyList<ServerInstance> instances)
        {
            using var socket = await _listener.AcceptAsync();
            var request = new byte[SessionWire.RequestLength];
            var answer = new byte[SessionWire.AnswerLength];
            foreach (var instance in instances)
            {
                if (!await SessionSocket.ReceiveAllAsync(socket, request, CancellationToken.None))
                    return;
                SessionWire.WriteAnswer(answer, request, instance);
                await socket.SendAsync(answer);
            }
            // It says nothing more and listens to the end: one that does not listen any more would answer with a reset.
            socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(request) > 0)
            {
            }
        }
    }
}
