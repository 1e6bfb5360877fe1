using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>Asks directors for duties, and hands them reports. The first that answers says the duties; all get reports.</summary>
internal sealed class DirectorLink : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(30);
    private readonly List<(string Url, DirectorClient Client)> _directors;
    private readonly string _server;
    private readonly Keeper _keeper;
    private readonly Action<string> _say;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _tasks = [];
    private readonly Dictionary<string, string> _said = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DirectorLink(List<(string, DirectorClient)> directors, string server, Keeper keeper, Action<string> say)
    {
        _directors = directors;
        _server = server;
        _keeper = keeper;
        _say = say;
    }

    /// <summary>Null, with problems, when what it needs cannot be used.</summary>
    public static DirectorLink? Make(RunOptions options, Keeper keeper, Action<string> say, List<Problem> problems)
    {
        var before = problems.Count;
        var urls = new List<Uri>();
        foreach (var text in options.Directors)
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps)
                urls.Add(uri);
            else
                problems.Add(new Problem("--director", text, "is not the address of a director's API", "Write it as in https://10.0.0.2:7443."));
        }
        X509Certificate2? certificate = null;
        X509Certificate2Collection authority = [];
        foreach (var (option, value) in new[] { ("--certificate", options.Certificate), ("--key", options.Key), ("--authority", options.Authority) })
        {
            if (value is null)
                problems.Add(new Problem(option, "", "is missing: director and agent prove to each other who they are", "Name a file in PEM form."));
        }
        if (problems.Count > before)
            return null;
        try
        {
            certificate = X509Certificate2.CreateFromPemFile(options.Certificate!, options.Key!);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem("--certificate", $"{options.Certificate} and {options.Key}", e.Message, "Name a certificate and its key, both in PEM form."));
        }
        try
        {
            authority.ImportFromPemFile(options.Authority!);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem("--authority", options.Authority!, e.Message, "Name the certificate of the authority that the director's certificate comes from, in PEM form."));
        }
        var name = certificate?.GetNameInfo(X509NameType.SimpleName, forIssuer: false) ?? "";
        if (certificate is not null && name.Length == 0)
            problems.Add(new Problem("--certificate", options.Certificate!, "has no common name", "Its common name must be the name of the real server in the director's configuration."));
        if (problems.Count > before)
            return null;
        return new DirectorLink([.. urls.Select(u => (u.ToString(), DirectorClient.Remote(u, certificate!, authority)))], name, keeper, say);
    }

    public void Start()
    {
        _keeper.Silence = "no director has answered yet";
        _keeper.Reported += _ =>
        {
            lock (_gate)
                _news.TrySetResult();
        };
        _tasks.Add(Task.Run(FollowDutiesAsync));
        foreach (var (url, client) in _directors)
            _tasks.Add(Task.Run(() => ReportAsync(url, client)));
    }

    /// <summary>Tells every director at once what the operator wishes; what does not arrive comes with the next report.</summary>
    public void Drain(string wish)
    {
        foreach (var (url, client) in _directors)
        {
            _ = Task.Run(async () =>
            {
                try
                {
                    await client.DrainAsync(_server, new DrainRequest(wish), _stop.Token).ConfigureAwait(false);
                }
                catch (DirectorException e)
                {
                    SayOnce("drain " + url, e.Message);
                }
                catch (OperationCanceledException)
                {
                    // It is told by the stored wish, at the next start.
                }
            });
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        try
        {
            Task.WaitAll([.. _tasks], TimeSpan.FromSeconds(5));
        }
        catch (AggregateException e)
        {
            e.Handle(static i => i is OperationCanceledException);
        }
        foreach (var (_, client) in _directors)
            client.Dispose();
        _stop.Dispose();
    }

    private async Task FollowDutiesAsync()
    {
        var at = 0;
        long? after = null;
        var pause = FirstPause;
        while (!_stop.IsCancellationRequested)
        {
            var (url, client) = _directors[at];
            try
            {
                var duties = await client.GetDutiesAsync(_server, after, _stop.Token).ConfigureAwait(false);
                if (_keeper.Silence.Length > 0)
                {
                    _say($"{url} answers");
                    _keeper.Silence = "";
                    _said.Remove("duties");
                }
                pause = FirstPause;
                if (duties is null)
                {
                    // The same as before: it waited long, or the director wants to hear now how this server is.
                    _keeper.ReportWithin(TimeSpan.Zero);
                    continue;
                }
                after = duties.Revision;
                _keeper.Want(duties);
            }
            catch (DirectorException e)
            {
                after = null;
                SayOnce("duties", $"{e.Message}. The agent goes on with its last duties.");
                if (_keeper.Silence.Length == 0 || _keeper.Silence.StartsWith("no director has", StringComparison.Ordinal))
                    _keeper.Silence = $"{e.Message} (since {DateTimeOffset.UtcNow:u})";
                at = (at + 1) % _directors.Count;
                if (!await WaitAsync(pause).ConfigureAwait(false))
                    return;
                pause = pause + pause < LongestPause ? pause + pause : LongestPause;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ReportAsync(string url, DirectorClient client)
    {
        var pause = FirstPause;
        // The marks of this director, and from which report on they hold: one may be in the making when a mark comes.
        (long Mark, long From) held = (0, 0), coming = (0, 0);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await NewsAsync().ConfigureAwait(false);
                if (_keeper.LastReport is not { } report)
                    continue;
                if (report.Sequence >= coming.From)
                    held = coming;
                var answer = await client.ReportAsync(_server, report with { WallClock = DateTimeOffset.UtcNow, Mark = held.Mark }, _stop.Token).ConfigureAwait(false);
                if (answer.Mark != coming.Mark)
                    coming = (answer.Mark, _keeper.Begun + 1);
                if (answer.NextReportMilliseconds is { } soon)
                    _keeper.ReportWithin(TimeSpan.FromMilliseconds(Math.Clamp(soon, 0, 60_000)));
                pause = FirstPause;
                lock (_gate)
                    _said.Remove("report " + url);
            }
            catch (DirectorException e)
            {
                SayOnce("report " + url, $"the report was not taken: {e.Message}");
                if (!await WaitAsync(pause).ConfigureAwait(false))
                    return;
                pause = pause + pause < LongestPause ? pause + pause : LongestPause;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task NewsAsync()
    {
        Task news;
        lock (_gate)
            news = _news.Task;
        await news.WaitAsync(_stop.Token).ConfigureAwait(false);
        lock (_gate)
        {
            if (_news.Task.IsCompleted)
                _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private async Task<bool> WaitAsync(TimeSpan time)
    {
        try
        {
            await Task.Delay(time, _stop.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void SayOnce(string about, string text)
    {
        lock (_gate)
        {
            if (_said.GetValueOrDefault(about) == text)
                return;
            _said[about] = text;
        }
        _say(text);
    }
}
