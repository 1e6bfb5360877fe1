using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Sidestep.Api;

namespace Sidestep.Daemon.Api;

/// <summary>Writes a response as lines of JSON, from the thread of a long request. It blocks while the client reads
/// slower, so that a response of any length needs one buffer.</summary>
/// <param name="context">The request.</param>
/// <param name="type">The type of a line.</param>
/// <param name="cancellation">Ends the response.</param>
internal sealed class LineWriter<T>(HttpContext context, JsonTypeInfo<T> type, CancellationToken cancellation)
    : IDisposable
{
    private const int BufferBytes = 1 << 16;

    /// <summary>How long a client may stop reading, a person with a pager for example. Then the connection is closed,
    /// because it holds one of few places.</summary>
    private static readonly TimeSpan StallTimeout = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan EndTimeout = TimeSpan.FromMilliseconds(200);

    private readonly ArrayBufferWriter<byte> _buffer = new(BufferBytes + (BufferBytes >> 3));
    private readonly Utf8JsonWriter _json = new(Stream.Null);

    /// <summary>Sends the header of the response: from now on, an error is a line.</summary>
    internal void Start()
    {
        context.Response.ContentType = ApiPaths.JsonLines;
        Wait(context.Response.StartAsync(cancellation));
    }

    /// <summary>Writes a line; sends what is written once there is enough.</summary>
    /// <exception cref="OperationCanceledException">The client is gone, or the daemon stops.</exception>
    internal void Write(T line)
    {
        cancellation.ThrowIfCancellationRequested();
        Append(line);
        if (_buffer.WrittenCount >= BufferBytes)
            Flush();
    }

    /// <summary>Sends what is written.</summary>
    /// <exception cref="OperationCanceledException">The client is gone, or the daemon stops.</exception>
    internal void Flush()
    {
        if (_buffer.WrittenCount > 0)
            Wait(SendAsync());
        _buffer.ResetWrittenCount();
    }

    /// <summary>Writes the last line of a response that is cancelled, if the client takes it at once.</summary>
    internal void End(T line)
    {
        _buffer.ResetWrittenCount();
        Append(line);
        using var limit = new CancellationTokenSource(EndTimeout);
        context.Response.Body.WriteAsync(_buffer.WrittenMemory, limit.Token).AsTask().GetAwaiter().GetResult();
    }

    public void Dispose() => _json.Dispose();

    private void Append(T line)
    {
        _json.Reset(_buffer);
        JsonSerializer.Serialize(_json, line, type);
        _json.Flush();
        _buffer.Write("\n"u8);
    }

    private async Task SendAsync()
    {
        await context.Response.Body.WriteAsync(_buffer.WrittenMemory, cancellation).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(cancellation).ConfigureAwait(false);
    }

    private void Wait(Task task)
    {
        // The task ends by the cancellation, too.
        if (task.IsCompleted || Task.WaitAny([task], StallTimeout) == 0)
        {
            task.GetAwaiter().GetResult();
            return;
        }
        context.Abort();
        throw new OperationCanceledException("the client did not read for too long");
    }
}
