using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Sidestep.Api;

/// <summary>The lines of a response that the director sends piece by piece. Only one line is in memory. Disposing it
/// closes the connection, which ends the request.</summary>
/// <remarks>One reader at a time.</remarks>
public sealed class LineReader<T> : IAsyncDisposable where T : class
{
    private readonly HttpResponseMessage _response;
    private readonly CancellationTokenSource _limit;
    private readonly CancellationToken _caller;
    private readonly IAsyncEnumerator<T?> _lines;
    private readonly string _endpoint;
    private readonly TimeSpan _timeout;

    private LineReader(HttpResponseMessage response, Stream content, JsonTypeInfo<T> type, string endpoint,
        TimeSpan timeout, CancellationToken cancellation)
    {
        (_response, _endpoint, _timeout, _caller) = (response, endpoint, timeout, cancellation);
        _limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _lines = JsonSerializer.DeserializeAsyncEnumerable(content, type, topLevelValues: true, _limit.Token)
            .GetAsyncEnumerator(_limit.Token);
    }

    /// <summary>Opens the content of a response, which the reader then owns.</summary>
    /// <param name="response">The response, after its headers.</param>
    /// <param name="type">The type of a line.</param>
    /// <param name="endpoint">Name of the director in messages.</param>
    /// <param name="timeout">How long to wait for the next line.</param>
    /// <param name="cancellation">Ends every wait.</param>
    internal static async Task<LineReader<T>> OpenAsync(HttpResponseMessage response, JsonTypeInfo<T> type,
        string endpoint, TimeSpan timeout, CancellationToken cancellation) =>
        new(response, await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false), type, endpoint,
            timeout, cancellation);

    /// <summary>Reads the next line; null: there are no more.</summary>
    /// <exception cref="DirectorException">No line comes, or it is no such JSON.</exception>
    public async ValueTask<T?> ReadAsync()
    {
        try
        {
            var next = _lines.MoveNextAsync();
            if (next.IsCompleted)
                return await next.ConfigureAwait(false) ? _lines.Current : null;
            _limit.CancelAfter(_timeout);
            var hasLine = await next.ConfigureAwait(false);
            _limit.CancelAfter(Timeout.InfiniteTimeSpan);
            return hasLine ? _lines.Current : null;
        }
        catch (OperationCanceledException e) when (!_caller.IsCancellationRequested)
        {
            throw new DirectorException($"{_endpoint} did not respond within {_timeout.TotalSeconds:0} s", e);
        }
        catch (IOException e)
        {
            throw new DirectorException($"{_endpoint} closed the connection before the end: {e.Message}", e);
        }
        catch (JsonException e)
        {
            throw DirectorException.NotUnderstood(_endpoint, e);
        }
    }

    /// <summary>The exception of a line with a problem, which ends the stream.</summary>
    internal DirectorException Rejected(ApiProblem problem) => DirectorException.Rejected(_endpoint, problem);

    /// <summary>The exception of a stream that ended before its last line.</summary>
    internal DirectorException Incomplete() => new($"{_endpoint} ended its response before the last line");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // A wait for the next line ends first: an enumerator must not be disposed while it is in use.
        await _limit.CancelAsync().ConfigureAwait(false);
        _response.Dispose();
        _limit.Dispose();
    }
}
