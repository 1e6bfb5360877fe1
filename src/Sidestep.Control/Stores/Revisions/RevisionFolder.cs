using System.Collections.Immutable;
using System.Globalization;
using Sidestep.Model;

namespace Sidestep.Control.Stores.Revisions;

/// <summary>The folder that revisions are stored in, one file each. A power failure at any moment leaves every revision
/// that was accepted before.</summary>
public sealed class RevisionFolder
{
    private const string Suffix = ".jsonl.gz";
    private const string DamagedSuffix = ".damaged";

    /// <summary>A greater number is no number of this class.</summary>
    private const long HighestNumber = 999_999_999_999;

    private readonly string _path;
    private readonly Action<string> _flushFolder;
    private readonly RevisionLimits _limits;
    private readonly List<string> _notes = [];
    private readonly SortedDictionary<long, (StoredRevision Revision, long Bytes)> _revisions = [];
    private readonly Lock _gate = new();

    /// <summary>Opens the folder, or creates it. Removes what an interrupted write left, and sets damaged files
    /// aside.</summary>
    /// <param name="path">Path of the folder.</param>
    /// <param name="flushFolder">Flushes the entries of a folder to the disk (fsync(2)).</param>
    /// <param name="limits">How much is stored.</param>
    /// <exception cref="IOException">The folder cannot be created or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read or write it.</exception>
    public RevisionFolder(string path, Action<string> flushFolder, RevisionLimits limits)
    {
        _path = Path.GetFullPath(path);
        _flushFolder = flushFolder;
        _limits = limits;
        if (File.Exists(_path))
            throw new IOException("this is a file: name a folder");
        bool isNew = !Directory.Exists(_path);
        Directory.CreateDirectory(_path);
        if (isNew && Path.GetDirectoryName(_path) is { } parent)
            _flushFolder(parent);
        RemoveUnfinished();
        foreach (string file in Directory.EnumerateFiles(_path, "*" + Suffix))
            Register(file);
        // Numbers of damaged revisions are not used again.
        foreach (string file in Directory.EnumerateFiles(_path, "*" + Suffix + DamagedSuffix + "*"))
            Skip(file, Path.GetFileName(file).Split('.')[0]);
        SetDamagedNewestAside();
    }

    /// <summary>Absolute path of the folder.</summary>
    public string Origin => _path;

    /// <summary>What was repaired when the folder was opened, in one line each; empty: nothing.</summary>
    public ImmutableArray<string> Notes => [.. _notes];

    /// <summary>Why a change that was accepted is not in force: the newest revision is damaged. Null: it is
    /// intact.</summary>
    public string? LostNewest { get; private set; }

    /// <summary>True if the folder has damaged revisions.</summary>
    public bool HasDamaged { get; private set; }

    /// <summary>The revisions, the oldest first.</summary>
    public ImmutableArray<StoredRevision> Revisions
    {
        get
        {
            lock (_gate)
                return [.. _revisions.Values.Select(static r => r.Revision)];
        }
    }

    /// <summary>The number of the next revision. Numbers of damaged files are not used again.</summary>
    public long NextNumber { get; private set; } = 1;

    /// <summary>Reads the configuration of a revision, as JSON; null: there is no such revision.</summary>
    /// <exception cref="IOException">The file cannot be read, or is damaged.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read the file.</exception>
    public string? Read(long number)
    {
        lock (_gate)
        {
            if (!_revisions.ContainsKey(number))
                return null;
        }
        try
        {
            return RevisionFile.Read(FileOf(number)).Json;
        }
        catch (FileNotFoundException)
        {
            return null; // A newer revision has evicted it meanwhile.
        }
        catch (InvalidDataException e)
        {
            throw new IOException($"{FileOf(number)} is damaged: {e.Message}", e);
        }
    }

    /// <summary>Stores the next revision. Afterwards, no power failure can lose it.</summary>
    /// <param name="revision">Its number is <see cref="NextNumber"/>.</param>
    /// <param name="json">Its configuration, on one line.</param>
    /// <exception cref="IOException">It cannot be stored.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write to the folder.</exception>
    public void Add(StoredRevision revision, string json)
    {
        ArgumentNullException.ThrowIfNull(revision);
        ArgumentOutOfRangeException.ThrowIfNotEqual(revision.Number, NextNumber);
        var content = RevisionFile.Write(revision, json);
        string file = FileOf(revision.Number);
        try
        {
            AtomicFile.Write(file, to => to.Write(content), UnixFileMode.UserRead | UnixFileMode.UserWrite,
                isDurable: true);
            _flushFolder(_path);
        }
        catch
        {
            // A restart must not find a revision that was not accepted.
            TryDelete(file);
            throw;
        }
        NextNumber = revision.Number + 1;
        lock (_gate)
            _revisions.Add(revision.Number, (revision, content.Length));
    }

    /// <summary>Deletes the oldest revisions beyond the limits, but never the newest one.</summary>
    /// <exception cref="IOException">A file cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not delete it.</exception>
    public void Trim()
    {
        while (Oldest() is { } number)
        {
            File.Delete(FileOf(number));
            lock (_gate)
                _revisions.Remove(number);
        }
    }

    /// <summary>Deletes what a failed write left. The error of the write counts, not another one.</summary>
    private static void TryDelete(string file)
    {
        try
        {
            AtomicFile.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file system that rejects writes. The temporary file is removed at the next start.
        }
    }

    /// <summary>The oldest revision, if there are more than the limits permit.</summary>
    private long? Oldest()
    {
        lock (_gate)
        {
            bool isTooMuch = _revisions.Count > _limits.Revisions
                || _revisions.Values.Sum(static r => r.Bytes) > _limits.Bytes;
            return isTooMuch && _revisions.Count > 1 ? _revisions.Keys.First() : null;
        }
    }

    private void RemoveUnfinished()
    {
        foreach (string file in Directory.EnumerateFiles(_path, "*" + Suffix + AtomicFile.TemporarySuffix))
        {
            File.Delete(file);
            _notes.Add($"{file} was removed: the director stopped while it stored this revision, and had not accepted "
                + "it yet");
        }
    }

    private void Register(string file)
    {
        if (!long.TryParse(Path.GetFileName(file)[..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture,
            out long number) || number > HighestNumber || file != FileOf(number))
            return; // Not a file of this class.
        NextNumber = Math.Max(NextNumber, number + 1);
        try
        {
            var revision = RevisionFile.ReadHeader(file);
            if (revision.Number != number)
                throw new InvalidDataException($"it contains revision {revision.Number}");
            _revisions.Add(number, (revision, new FileInfo(file).Length));
        }
        catch (InvalidDataException e)
        {
            SetAside(number, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            HasDamaged = true;
            _notes.Add($"{file} cannot be read, and is left as it is: {e.Message}");
        }
    }

    private void Skip(string file, string number)
    {
        HasDamaged = true;
        if (long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long damaged)
            && damaged <= HighestNumber && file.StartsWith(FileOf(damaged), StringComparison.Ordinal))
            NextNumber = Math.Max(NextNumber, damaged + 1);
    }

    private void SetDamagedNewestAside()
    {
        while (_revisions.Count > 0)
        {
            long newest = _revisions.Keys.Last();
            try
            {
                RevisionFile.Read(FileOf(newest));
                return;
            }
            catch (InvalidDataException e)
            {
                _revisions.Remove(newest);
                SetAside(newest, e.Message);
            }
        }
    }

    private void SetAside(long number, string problem)
    {
        HasDamaged = true;
        string file = FileOf(number), damaged = file + DamagedSuffix;
        for (int copy = 2; File.Exists(damaged); copy++)
            damaged = string.Create(CultureInfo.InvariantCulture, $"{file}{DamagedSuffix}.{copy}");
        File.Move(file, damaged);
        _notes.Add($"{file} is damaged ({problem}) and was renamed to {Path.GetFileName(damaged)}");
        if (number == NextNumber - 1)
        {
            LostNewest = $"the newest revision of the configuration, {number}, is damaged: an earlier one is in force. "
                + "Compare it with what should be there, and apply a configuration";
        }
    }

    private string FileOf(long number) =>
        Path.Combine(_path, number.ToString("D9", CultureInfo.InvariantCulture) + Suffix);
}

/// <summary>How many revisions are stored: the newest that are within both limits.</summary>
/// <param name="Revisions">The most revisions.</param>
/// <param name="Bytes">The most bytes of all files together.</param>
public sealed record RevisionLimits(int Revisions, long Bytes)
{
    /// <summary>The limits of the daemon.</summary>
    public static RevisionLimits Default { get; } = new(1000, 256L << 20);
}
