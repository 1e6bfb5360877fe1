using System.Net;
using System.Net.Sockets;

namespace Sidestep.Lab.Sessions;

/// <summary>
/// One TCP connection of a client that sends requests periodically. All its responses must come from the server that
/// sent the first one. The session never retries: any error that TCP itself does not repair is a break.
/// </summary>
/// <param name="id">Id of the connection.</param>
/// <param name="source">The client's address.</param>
/// <param name="service">The service that it connects to.</param>
/// <param name="timeout">A later response counts as none.</param>
internal sealed class Session(ulong id, IPAddress source, IPEndPoint service, TimeSpan timeout) : IDisposable
{
    private readonly Socket _socket = new(service.AddressFamily, SocketType.Stream,
        ProtocolType.Tcp)
    { NoDelay = true };
    private readonly byte[] _request = new byte[SessionWire.RequestLength];
    private readonly byte[] _response = new byte[SessionWire.ResponseLength];
    private ulong _number;

    /// <summary>The server that answers; null before the first response.</summary>
    public ServerInstance? Server { get; private set; }

    /// <summary>Connects and sends the first request.</summary>
    /// <returns>A description of the error, or null.</returns>
    public Task<string?> OpenAsync() => WithTimeoutAsync(async cancel =>
    {
        _socket.Bind(new IPEndPoint(source, 0));
        await _socket.ConnectAsync(service, cancel);
        return await ExchangeAsync(cancel);
    });

    /// <summary>Sends one request and receives its response.</summary>
    /// <returns>A description of the error, or null.</returns>
    public Task<string?> RequestAsync() => WithTimeoutAsync(ExchangeAsync);

    /// <summary>Closes the connection; the server must then close it, too.</summary>
    /// <returns>A description of the error, or null.</returns>
    public Task<string?> CloseAsync() => WithTimeoutAsync(async cancel =>
    {
        _socket.Shutdown(SocketShutdown.Send);
        return await SessionSocket.ReceiveAllAsync(_socket, _response, cancel) ? "a response without a request" : null;
    });

    public SessionFailure Failure(string error)
        => new(source.ToString(), (_socket.LocalEndPoint as IPEndPoint)?.Port
            ?? 0, service.ToString(), Server?.Name, _number, error);

    public void Dispose() => _socket.Dispose();

    private async Task<string?> ExchangeAsync(CancellationToken cancel)
    {
        SessionWire.WriteRequest(_request, id, ++_number);
        await _socket.SendAsync(_request, cancel);
        if (!await SessionSocket.ReceiveAllAsync(_socket, _response, cancel))
            return "the connection was closed by the other end";
        if (SessionWire.ReadResponse(_response, _request) is not { } server)
            return "the answer is to another request";
        if (Server is { } known && known != server)
            return known.Name == server.Name ? $"{known.Name} has been started again" : $"answered by {server.Name}";
        Server = server;
        return null;
    }

    private async Task<string?> WithTimeoutAsync(Func<CancellationToken, Task<string?>> action)
    {
        using var timeoutSource = new CancellationTokenSource(timeout);
        try
        {
            return await action(timeoutSource.Token);
        }
        catch (OperationCanceledException)
        {
            return $"no answer within {timeout.TotalSeconds:0} s";
        }
        catch (SocketException e)
        {
            return e.Message;
        }
    }
}

/// <summary>A session whose connection broke, or whose server changed.</summary>
/// <param name="Server">The server of the session; null before the first response.</param>
/// <param name="Number">The request at which it broke, counted from 1.</param>
internal sealed record SessionFailure(string Source, int Port, string Service, string? Server, ulong Number,
    string Error)
{
    public override string ToString() =>
        $"{Source}:{Port} to {Service}, server {Server ?? "unknown"}, request {Number}: {Error}";
}
