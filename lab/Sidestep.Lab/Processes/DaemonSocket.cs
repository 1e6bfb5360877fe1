using System.Net.Sockets;

namespace Sidestep.Lab.Processes;

/// <summary>Reads the status of a director from its daemon's socket. `sidestep status` prints the same text, but each
/// call starts a process: polls of it take processor time from the director that they wait for.</summary>
internal static class DaemonSocket
{
    /// <summary>The folder of the sockets of all directors.</summary>
    public const string Folder = "/run/sidestep";

    private static readonly TimeSpan Timeout = ScaledTimeout.Seconds(30);

    /// <param name="path">Path of the socket.</param>
    /// <param name="cancel">Cancels the request.</param>
    /// <returns>The JSON text of the status; null: no daemon listens, or it ended before it had responded.</returns>
    public static async Task<string?> TryGetStatusAsync(string path, CancellationToken cancel)
    {
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = (_, token) => ConnectAsync(path, token),
        })
        { Timeout = Timeout };
        try
        {
            using var response = await http.GetAsync(new Uri("http://director/api/v1/status"), cancel);
            return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(cancel) : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
