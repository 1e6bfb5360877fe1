using System.Net;
using System.Net.Sockets;
using System.Text;
using Sidestep.Api.Access;

namespace Sidestep.UnitTests.Daemon.Api.Access;

/// <summary>Requests whose bodies arrive after their credentials have ended change nothing.</summary>
public sealed class SlowRequestTests() : RemoteTests(TestDirector.Yaml)
{
    [Theory]
    [InlineData("PUT", "/api/v1/users/mallory", """{ "role": "administrator" }""", "application/json")]
    [InlineData("PATCH", "/api/v1/pools/web", """{ "labels": { "a": "b" } }""", "application/merge-patch+json")]
    public async Task Token_that_is_revoked_meanwhile_does_not_suffice(string method, string path, string body,
        string type)
    {
        string token = await TokenAsync("ci", Role.Administrator);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(Remote.Addresses.Single()).Port, Cancellation);
        await SendAsync(socket, $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            + $"Content-Type: {type}\r\nContent-Length: {body.Length}\r\nExpect: 100-continue\r\n\r\n");
        // The server asks for the body after it has authenticated the request.
        Assert.StartsWith("HTTP/1.1 100 ", await ReceiveAsync(socket), StringComparison.Ordinal);
        Assert.Equal(204, (await SendAsync("DELETE", "tokens/ci")).Status);
        await SendAsync(socket, body);
        Assert.StartsWith("HTTP/1.1 401 ", await ReceiveAsync(socket), StringComparison.Ordinal);
        Assert.Equal(0, (await GetAsync("users")).Json.GetProperty("items").GetArrayLength());
    }

    private static async Task SendAsync(Socket socket, string text) =>
        await socket.SendAsync(Encoding.ASCII.GetBytes(text), SocketFlags.None, Cancellation);

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        byte[] buffer = new byte[4096];
        int read = await socket.ReceiveAsync(buffer, SocketFlags.None, Cancellation);
        return Encoding.ASCII.GetString(buffer, 0, read);
    }
}
