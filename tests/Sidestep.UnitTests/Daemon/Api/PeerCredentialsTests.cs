using System.Net.Sockets;
using Sidestep.Daemon.Api;

namespace Sidestep.UnitTests.Daemon.Api;

public sealed class PeerCredentialsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Credentials_of_the_peer_are_those_of_the_process_that_connected()
    {
        var path = _folder.Path("peer.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(path), TestContext.Current.CancellationToken);
        using var connection = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        var peer = PeerCredentials.Of(connection)!;
        Assert.Equal(Environment.ProcessId, peer.ProcessId);
        Assert.Equal((IdOf("Uid"), IdOf("Gid")), (peer.UserId, peer.GroupId));
        using var network = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Assert.Null(PeerCredentials.Of(network));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The effective ID of this process, by the kernel.</summary>
    private static uint IdOf(string kind) => uint.Parse(File.ReadLines("/proc/self/status")
        .First(l => l.StartsWith(kind, StringComparison.Ordinal)).Split('\t')[2], null);
}
