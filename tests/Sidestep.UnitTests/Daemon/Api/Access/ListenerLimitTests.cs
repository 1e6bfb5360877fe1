using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sidestep.UnitTests.Daemon.Api.Access;

/// <summary>The limits of the listener for operators, which docs/access.md lists, against clients that ignore
/// them.</summary>
public sealed class ListenerLimitTests() : RemoteTests(TestDirector.Yaml)
{
    private const int MostConnections = 512;

    [Theory]
    [InlineData(65, 1)]
    [InlineData(2, 9 << 10)]
    public async Task Too_many_or_too_large_headers_are_rejected(int count, int length)
    {
        using var socket = await ConnectAsync();
        var request = new StringBuilder("GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n");
        for (int i = 0; i < count; i++)
            request.Append(System.Globalization.CultureInfo.InvariantCulture, $"X-{i}: {new string('a', length)}\r\n");
        await SendAsync(socket, request + "\r\n");
        Assert.StartsWith("HTTP/1.1 431 ", await ReadToEndAsync(socket), StringComparison.Ordinal);
    }

    /// <summary>A byte now and then does not hold a connection open, and delays no other request.</summary>
    [Fact]
    public async Task Slow_header_ends_with_its_connection()
    {
        using var socket = await ConnectAsync();
        await SendAsync(socket, "GET /api/v1/session HTTP/1.1\r\n");
        var reading = ReadToEndAsync(socket);
        while (!reading.IsCompleted)
        {
            Assert.Equal(401, (await RemoteAsync("GET", "status", null)).Status);
            await TrySendAsync(socket, "X");
            await Task.WhenAny(reading, Task.Delay(TimeSpan.FromMilliseconds(500), Cancellation));
        }
        Assert.StartsWith("HTTP/1.1 408 ", await reading, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_are_limited_and_the_socket_of_the_machine_stays_free()
    {
        var sockets = new List<Socket>();
        try
        {
            for (int i = 0; i < MostConnections; i++)
                sockets.Add(await ConnectAsync());
            // A connection counts when the server has accepted it, and it accepts them in their order.
            await SendAsync(sockets[^1], "GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n\r\n");
            byte[] first = new byte[12];
            await sockets[^1].ReceiveAsync(first, SocketFlags.None, Cancellation);
            Assert.Equal("HTTP/1.1 401", Encoding.ASCII.GetString(first));
            using (var rejected = await ConnectAsync())
                Assert.Equal("", await ReadToEndAsync(rejected));
            Assert.Equal(200, (await GetAsync("status")).Status);
        }
        finally
        {
            sockets.ForEach(static s => s.Dispose());
        }
        // They are free again.
        int status = 0;
        for (int attempt = 0; attempt < 100 && status != 401; attempt++)
        {
            try
            {
                status = (await RemoteAsync("GET", "status", null)).Status;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), Cancellation);
            }
        }
        Assert.Equal(401, status);
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(Remote.Addresses.Single()).Port, Cancellation);
        return socket;
    }

    private static async Task SendAsync(Socket socket, string text) =>
        await socket.SendAsync(Encoding.ASCII.GetBytes(text), SocketFlags.None, Cancellation);

    private static async Task TrySendAsync(Socket socket, string text)
    {
        try
        {
            await SendAsync(socket, text);
        }
        catch (SocketException)
        {
            // The server has closed the connection, and its response says why.
        }
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        var text = new StringBuilder();
        byte[] buffer = new byte[4096];
        try
        {
            int read;
            while ((read = await socket.ReceiveAsync(buffer, SocketFlags.None, Cancellation)) > 0)
                text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        catch (SocketException)
        {
            // The server has closed the connection before it has read everything.
        }
        return text.ToString();
    }
}
