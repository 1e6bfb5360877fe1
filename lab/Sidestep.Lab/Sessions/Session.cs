using System.Net;
using System.Net.Sockets;

namespace Sidestep.Lab.Sessions;

/// <summary>
/// One TCP connection of a client that asks again and again, and must all its life be answered by the server that answered
/// first. Nothing is tried twice: what TCP itself does not repair is a break.
/// </summary>
/// <param name="id">Of the connection.</param>
/// <param name="source">The client's address.</param>
/// <param name="service">Whom it asks.</param>
/// <param name="timeout">An answer that takes longer is none.</param>
internal sealed class Session(ulong id, IPAddress source, IPEndPoint service, TimeSpan timeout) : IDisposable
{
    private readonly Socket _socket = new(service.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request = new byte[SessionWire.RequestLength];
    private readonly byte[] _response = new byte[SessionWire.ResponseLength];
    private ulong _number;

    /// <summary>Who answers; null before the first answer.</summary>
    public ServerInstance? Server { get; private set; }

    /// <summary>Connects and asks for the first time.</summary>
    /// <returns>What went wrong, or null.</returns>
    public Task<string?> OpenAsync() => WithTimeoutAsync(async cancel =>
    {
        _socket.Bind(new IPEndPoint(source, 0));
        await _socket.ConnectAsync(service, cancel);
        return await ExchangeAsync(cancel);
    });

    /// <summary>One request and its answer.</summary>
    /// <returns>What went wrong, or null.</returns>
    public Task<string?> RequestAsync() => WithTimeoutAsync(ExchangeAsync);

    /// <summary>Closes in the orderly way: the server must then close too.</summary>
    /// <returns>What went wrong, or null.</returns>
    public Task<string?> CloseAsync() => WithTimeoutAsync(async cancel =>
    {
        _socket.Shutdown(SocketShutdown.Send);
        return await SessionSocket.ReceiveAllAsync(_socket, _response, cancel) ? "an answer without a request" : null;
    });

    public SessionFailure Failure(string error)
        => new(source.ToString(), (_socket.LocalEndPoint as IPEndPoint)?.Port ?? 0, service.ToString(), Server?.Name, _number, error);

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

/// <summary>A session that broke.</summary>
/// <param name="Server">Whose it was; null when nobody had answered yet.</param>
/// <param name="Number">The request at which it broke, counted from 1.</param>
internal sealed record SessionFailure(string Source, int Port, string Service, string? Server, ulong Number, string Error)
{
    public override string ToString() => $"{Source}:{Port} to {Service}, server {Server ?? "unknown"}, request {Number}: {Error}";
}
