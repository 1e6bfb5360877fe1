using System.Text;
using Sidestep.Api.Audit;

namespace Sidestep.Control.Access;

/// <summary>Appends to the audit log. Safe for threads.</summary>
/// <remarks>An entry that cannot be written waits in memory, and is written with the next one: the log has all entries
/// in order, or says how many it lost.</remarks>
public sealed class AuditLog : IDisposable
{
    /// <summary>Size at which the daemon renames the file and starts another one, bytes.</summary>
    private const long LargestFile = 64 << 20;

    /// <summary>The most entries that wait.</summary>
    private const int MostWaiting = 1000;

    private const string Suffix = ".jsonl";

    private readonly string _path;
    private readonly long _largestFile;
    private readonly TimeProvider _time;
    private readonly Action<long, string> _appended;
    private readonly Lock _gate = new();
    private readonly Queue<AuditEntry> _waiting = new();
    private FileStream? _file;
    private long _number;
    private string _head = AuditChain.Start;
    private long _lost;
    private bool _isFlushed = true;

    /// <summary>Continues the log.</summary>
    /// <param name="path">Path of the file, without its suffix <c>.jsonl</c>.</param>
    /// <param name="time">The clock of the time stamps.</param>
    /// <param name="appended">Receives number and hash of each entry that was written.</param>
    /// <param name="largestFile">Size at which another file starts, bytes.</param>
    public AuditLog(string path, TimeProvider time, Action<long, string> appended, long largestFile = LargestFile)
    {
        (_path, _time, _appended, _largestFile) = (path, time, appended, largestFile);
    }

    /// <summary>Why entries cannot be written now; null: they can.</summary>
    public string? Problem { get; private set; }

    /// <summary>Appends an entry. It survives the end of the process when this method returns, and a power failure a
    /// second later.</summary>
    public void Append(AuditEntry entry)
    {
        lock (_gate)
        {
            if (_waiting.Count >= MostWaiting)
            {
                _waiting.Dequeue();
                _lost++;
            }
            _waiting.Enqueue(entry);
            Write();
        }
    }

    /// <summary>Writes what waits, and flushes the file to the disk. Called twice a second.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            if (_waiting.Count > 0)
                Write();
            if (_isFlushed || _waiting.Count > 0)
                return;
            Try(() =>
            {
                _file?.Flush(flushToDisk: true);
                (_isFlushed, Problem) = (true, null);
            });
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Flush();
        _file?.Dispose();
    }

    private void Write() => Try(() =>
    {
        var file = _file ??= Open();
        if (_lost > 0)
        {
            WriteLine(file, new AuditEntry("sidestepd", "audit", 0)
            {
                Detail = $"{_lost} entries were lost, because they could not be written: {Problem}",
            });
            _lost = 0;
        }
        while (_waiting.TryPeek(out var entry))
        {
            WriteLine(file, entry);
            _waiting.Dequeue();
            if (file.Length >= _largestFile)
                file = _file = Rotate();
        }
        Problem = null;
    });

    private void WriteLine(FileStream file, AuditEntry entry)
    {
        var (line, hash) = AuditChain.Write(new AuditRecord(_number + 1, _time.GetUtcNow(), entry.Actor, entry.Request,
            entry.Status, _head)
        {
            Address = entry.Address,
            Detail = entry.Detail,
        });
        long start = file.Length;
        try
        {
            file.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
        catch (IOException)
        {
            // A part of a line must not stay: the next one would follow it.
            file.SetLength(start);
            file.Position = start;
            throw;
        }
        (_number, _head, _isFlushed) = (_number + 1, hash, false);
        _appended(_number, hash);
    }

    /// <summary>Opens the file, and takes number and hash of its last entry.</summary>
    private FileStream Open()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(_path + Suffix, options);
        try
        {
            Continue(file);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void Continue(FileStream file)
    {
        if (_number > 0)
        {
            file.Seek(0, SeekOrigin.End);
            return;
        }
        long end = 0;
        string? last = null;
        using (var reader = new StreamReader(file, Encoding.UTF8, leaveOpen: true))
        {
            while (reader.ReadLine() is { } line)
            {
                long next = end + Encoding.UTF8.GetByteCount(line) + 1;
                // A kill or a power failure left a part of a line.
                if (next > file.Length)
                    break;
                (end, last) = (next, line);
            }
        }
        if (last is not null)
        {
            try
            {
                (_number, _head) = AuditChain.Read(last) is var (record, hash) ? (record.Number, hash) : default;
            }
            catch (FormatException e)
            {
                throw new IOException($"{_path}{Suffix}: the last line is damaged: {e.Message}. Verify the file, "
                    + "rename it, and a new one begins", e);
            }
        }
        file.SetLength(end);
        file.Position = end;
    }

    private FileStream Rotate()
    {
        _file!.Flush(flushToDisk: true);
        _file.Dispose();
        _file = null;
        File.Move(_path + Suffix, $"{_path}.{_number:D12}{Suffix}", overwrite: false);
        return Open();
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Problem = $"the audit log cannot be written: {e.Message}";
            _file?.Dispose();
            _file = null;
        }
    }
}

/// <summary>What an entry of the audit log says.</summary>
/// <param name="Actor">Who sent the request.</param>
/// <param name="Request">Method and path, with the query.</param>
/// <param name="Status">The HTTP status of the response.</param>
public sealed record AuditEntry(string Actor, string Request, int Status)
{
    /// <inheritdoc cref="AuditRecord.Address"/>
    public string? Address { get; init; }

    /// <inheritdoc cref="AuditRecord.Detail"/>
    public string? Detail { get; init; }
}
