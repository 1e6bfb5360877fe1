using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Api;

namespace Sidestep.SystemTests.Daemon.Api;

/// <summary>A director with two servers that listens for agents.</summary>
internal sealed class AgentApiDirector : IDisposable
{
    private const string Listen = Segment.DirectorAddress + ":7443";

    internal Segment Segment { get; } = new();

    /// <summary>The authority of the director and of its agents.</summary>
    internal CertificateAuthority Ca { get; } = new("agents");

    /// <summary>Starts the daemon and waits until agents can connect.</summary>
    internal void Start()
    {
        WriteFiles();
        Segment.File = WithApi();
        var daemon = Segment.Start();
        daemon.Until("agent API listening on");
    }

    internal DirectorConfiguration WithApi() => Segment.File with
    {
        NodeLines = ["api:", $"  listen: [ \"{Listen}\" ]", $"  certFile: {PathOf("director.pem")}",
            $"  keyFile: {PathOf("director.key")}", $"  caFile: {PathOf("authority.pem")}"],
    };

    /// <summary>Writes the certificate and key of the director, and the authority of agents.</summary>
    internal void WriteFiles(CertificateAuthority? ca = null)
    {
        ca ??= Ca;
        var (certificate, key) = ca.Issue("director", Segment.DirectorAddress);
        File.WriteAllText(PathOf("authority.pem"), ca.Pem);
        File.WriteAllText(PathOf("director.pem"), certificate);
        File.WriteAllText(PathOf("director.key"), key);
    }

    internal string PathOf(string file) => Path.Combine(Segment.Lan.Folder, file);

    /// <summary>A client on another node.</summary>
    internal DirectorClient Client(X509Certificate2? certificate, CertificateAuthority? trusted = null)
    {
        var handler = DirectorClient.HandlerFor(certificate, (trusted ?? Ca).Certificates);
        handler.ConnectCallback = Connect;
        return new DirectorClient(handler, new Uri($"https://{Listen}"), Listen);
    }

    /// <summary>Opens a socket in the client's namespace.</summary>
    private async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = Segment.Client.Inside(static () =>
            new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The spec of a server, which must have one.</summary>
    internal static async Task<ServerSpec> GetSpecAsync(DirectorClient client, string server) =>
        await client.GetSpecAsync(server, null, TestContext.Current.CancellationToken)
        ?? throw new InvalidOperationException("no spec");

    public void Dispose()
    {
        Segment.Dispose();
        Ca.Dispose();
    }
}
