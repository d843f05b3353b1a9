# Times a 10-fold cross-validation with scikit-learn: prints seconds, CPU
# seconds and the accuracy. The file has a row's class in its first byte, then
# a code in a byte for each column; row r is tested in fold r mod 10.
import sys
import time

import numpy as np

path, columns, way = sys.argv[1], int(sys.argv[2]), sys.argv[3]
table = np.fromfile(path, dtype=np.uint8).reshape(-1, columns + 1)
y, codes = table[:, 0], table[:, 1:]


def one_hot():
    from sklearn.preprocessing import OneHotEncoder

    return OneHotEncoder(dtype=np.float64).fit_transform(codes)


def gram():
    # What a careful user does: one Gram matrix of the one-hot columns, by
    # counting agreements, for all folds.
    same = np.zeros((len(y), len(y)))
    for value in range(int(codes.max()) + 1):
        indicator = (codes == value).astype(np.float32)
        same += indicator @ indicator.T
    return same


def learner():
    if way == "forest":
        from sklearn.ensemble import RandomForestClassifier

        return codes, RandomForestClassifier(100, n_jobs=2, random_state=1)
    if way == "knn":
        from sklearn.neighbors import KNeighborsClassifier

        return codes, KNeighborsClassifier(3, metric="hamming", algorithm="brute", n_jobs=2)
    if way == "svc":
        from sklearn.svm import SVC

        return one_hot(), SVC(kernel="linear")
    if way == "gram":
        from sklearn.svm import SVC

        return gram(), SVC(kernel="precomputed")
    if way == "logistic":
        from sklearn.linear_model import LogisticRegression

        return one_hot(), LogisticRegression(solver="liblinear", multi_class="ovr")
    if way == "bayes":
        from sklearn.naive_bayes import CategoricalNB

        return codes, CategoricalNB(min_categories=int(codes.max()) + 1)
    sys.exit("unknown way " + way)


import sklearn.ensemble, sklearn.linear_model, sklearn.naive_bayes, sklearn.neighbors, sklearn.preprocessing, sklearn.svm

start, cpu = time.time(), time.process_time()
x, model = learner()
right = 0
rows = np.arange(len(y))
for fold in range(10):
    test, train = rows[rows % 10 == fold], rows[rows % 10 != fold]
    if way == "gram":
        model.fit(x[np.ix_(train, train)], y[train])
        predicted = model.predict(x[np.ix_(test, train)])
    else:
        model.fit(x[train], y[train])
        predicted = model.predict(x[test])
    right += (predicted == y[test]).sum()
print(time.time() - start, time.process_time() - cpu, right / len(y))
